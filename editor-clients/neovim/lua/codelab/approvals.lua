-- Approvals: the diff in a window of its own, then one question; an edit in a buffer, sent by :write.
local M = {}

local waiting = {} -- what the person put off, by id, with the window in which they look at it

-- Return titles for confirm(), each with a letter of its own.
function M.with_letters(titles)
  local taken, lettered = {}, {}
  for index, title in ipairs(titles) do
    lettered[index] = title
    for place = 1, #title do
      local letter = title:sub(place, place):lower()
      if letter:match("%a") and not taken[letter] then
        taken[letter] = true
        lettered[index] = title:sub(1, place - 1) .. "&" .. title:sub(place)
        break
      end
    end
  end
  return lettered
end

local function lines_of(text)
  return vim.split((text:gsub("\n$", "")), "\n", { plain = true })
end

-- Say who asks for what.
local function title_of(approval)
  local title = approval.title
  return approval.askedBy == "" and title or approval.askedBy .. " asks: " .. title
end

-- Show all that is asked for in a window on top, where the question below does not cover it.
-- Return the window, and how many of its lines are out of sight.
local function show(approval)
  local lines = { title_of(approval) }
  vim.list_extend(lines, lines_of(approval.remarks))
  table.insert(lines, "")
  vim.list_extend(lines, lines_of(approval.detail))
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].bufhidden = "wipe"
  vim.bo[buffer].modifiable = false
  if approval.path ~= "" then
    vim.bo[buffer].filetype = "diff"
  end
  vim.cmd("topleft split")
  local window = vim.api.nvim_get_current_win()
  vim.api.nvim_win_set_buf(window, buffer)
  vim.wo[window].wrap = true
  vim.wo[window].number = false
  vim.wo[window].statusline = " CodeLab asks (" .. approval.id .. ")"
  local room = vim.o.lines - 8
  local height = 0
  for _, line in ipairs(lines) do
    height = height + math.max(1, math.ceil(vim.fn.strdisplaywidth(line) / vim.o.columns))
  end
  vim.api.nvim_win_set_height(window, math.min(height, room))
  return window, math.max(0, height - room)
end

local function close(window)
  if vim.api.nvim_win_is_valid(window) and #vim.api.nvim_list_wins() > 1 then
    vim.api.nvim_win_close(window, true)
  end
end

local function send(approval, answer)
  local given = vim.tbl_extend("force", { approval = approval.id }, answer)
  require("codelab.commands").execute("codelab.answer", given, function(result)
    if result.message ~= "" then
      vim.notify(result.message, vim.log.levels.WARN)
    end
  end)
end

-- Let the person edit a file's text; :write sends it, closing the window asks again.
local function edit_text(approval)
  vim.cmd("botright split")
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_win_set_buf(0, buffer)
  vim.api.nvim_buf_set_name(buffer, "codelab-edit://" .. approval.id .. "/" .. approval.path)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines_of(approval.editable))
  vim.bo[buffer].buftype = "acwrite"
  vim.bo[buffer].bufhidden = "wipe"
  vim.bo[buffer].modified = false
  vim.cmd("silent! doautocmd filetypedetect BufRead " .. vim.fn.fnameescape(approval.path))
  vim.api.nvim_create_autocmd("BufWriteCmd", {
    buffer = buffer,
    callback = function()
      local text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n") .. "\n"
      vim.bo[buffer].modified = false
      waiting[approval.id] = nil
      send(approval, { answer = "edit", text = text })
      vim.schedule(function()
        pcall(vim.api.nvim_buf_delete, buffer, { force = true })
      end)
    end,
  })
  vim.wo.statusline = " Edit " .. approval.path .. ": :write proposes it so; :CodeLab answer asks again"
end

local function choices_of(approval)
  local yes = approval.path ~= "" and "Apply" or "Allow"
  local found = { { title = yes, answer = { answer = "approve" } } }
  if approval.rule ~= "" then
    table.insert(found, { title = yes .. ", and don't ask again", answer = { answer = "approveAlways" } })
  end
  if approval.editable ~= vim.NIL and approval.editable ~= nil then
    table.insert(found, { title = "Edit", edits = true })
  end
  table.insert(found, { title = "Look first", looks = true })
  table.insert(found, { title = "Reject", rejects = true })
  return found
end

-- Ask; return the answer, or nil when it will come later.
local function ask(approval)
  local window, hidden = show(approval)
  local choices, titles = choices_of(approval), {}
  for index, choice in ipairs(choices) do
    titles[index] = choice.title
  end
  local message = approval.path ~= "" and "Make this change?" or "Run this command?"
  if hidden > 0 then
    message = message .. " (" .. hidden .. " more lines are out of sight: Look first)"
  end
  vim.cmd("redraw")
  local number = vim.fn.confirm(message, table.concat(M.with_letters(titles), "\n"), 0)
  vim.cmd("redraw")
  local choice = choices[number] or {}
  if choice.looks then
    waiting[approval.id] = { approval = approval, window = window }
    vim.wo[window].statusline = " CodeLab asks: answer with :CodeLab answer"
    return nil
  end
  close(window)
  if choice.edits and approval.path ~= "" then
    waiting[approval.id] = { approval = approval }
    edit_text(approval)
    return nil
  elseif choice.edits then
    local text = vim.fn.input({ prompt = "The command as it shall be: ", default = approval.editable })
    if text == "" or text == approval.editable then
      return ask(approval)
    end
    return { answer = "edit", text = text }
  elseif choice.rejects then
    return { answer = "reject", reason = vim.fn.input("Why not, for the agent (may stay empty): ") }
  end
  return choice.answer or { answer = "reject", reason = "no answer" }
end

-- Answer the server's request.
function M.request(_, params)
  return ask(params) or { answer = "later" }
end

-- Ask again what the person put off.
function M.answer()
  local id, put_off = next(waiting)
  if not id then
    vim.notify("Nothing waits for your answer here.")
    return
  end
  waiting[id] = nil
  if put_off.window then
    close(put_off.window)
  end
  local answer = ask(put_off.approval)
  if answer then
    send(put_off.approval, answer)
  end
end

return M
