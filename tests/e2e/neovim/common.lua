-- What the scenarios share: a person who answers prompts, a log for the test, and waiting.
local M = { prompts = {}, messages = {} }

local log = assert(io.open(vim.env.SCENARIO_LOG, "w"))

-- Tell the test something, as one line of JSON.
function M.tell(name, value)
  log:write(vim.json.encode({ [name] = value }) .. "\n")
  log:flush()
end

-- Wait until a condition holds; the long time is a guard against hanging.
function M.wait(what, condition)
  local ok, found = false, nil
  vim.wait(60000, function()
    found = condition()
    ok = found and true or false
    return ok
  end, 10)
  if not ok then
    error("waited in vain: " .. what)
  end
  return found
end

-- Let the person answer: answers is a list of titles or false for a closed prompt, one per prompt.
function M.person(answers)
  local function choose(message, titles, shown)
    table.insert(M.prompts, { message = message, choices = titles, shown = shown })
    local answer = table.remove(answers, 1)
    for index, title in ipairs(titles) do
      if title == answer then
        return index
      end
    end
    return 0
  end
  vim.fn.confirm = function(message, choices) -- what the plugin asks with
    local shown = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
    return choose(message, vim.split(choices:gsub("&", ""), "\n"), shown)
  end
  vim.fn.input = function() -- reasons, and commands that are edited
    return table.remove(answers, 1)
  end
  vim.fn.inputlist = function(lines) -- what Neovim 0.7 itself asks with
    local titles = {}
    for index = 3, #lines do
      titles[index - 2] = lines[index]:gsub("^%d+%. ", "")
    end
    return choose(lines[1], titles)
  end
end

-- Keep what the server tells the person.
function M.listen()
  vim.lsp.handlers["window/showMessage"] = function(_, result)
    table.insert(M.messages, result.message)
    return result
  end
end

-- Return the first message that contains a text.
function M.message(text)
  return M.wait("message " .. text, function()
    for _, message in ipairs(M.messages) do
      if message:find(text, 1, true) then
        return message
      end
    end
  end)
end

-- Choose a code action of the cursor's line by its title, as vim.lsp.buf.code_action() does.
function M.choose_action(title)
  local offered = {}
  vim.ui.select = function(items, options, on_choice)
    for _, item in ipairs(items) do
      local name = options.format_item(item)
      table.insert(offered, name)
      if name == title then
        on_choice(item)
      end
    end
  end
  vim.lsp.buf.code_action()
  M.wait("code action " .. title, function()
    return vim.tbl_contains(offered, title)
  end)
  return offered
end

-- Return the buffer's text.
function M.text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") .. "\n"
end

function M.server()
  return vim.json.decode(vim.env.SERVER_COMMAND)
end

function M.attached()
  return M.wait("the server", function()
    local client = vim.lsp.get_active_clients()[1]
    return client and client.initialized and vim.lsp.buf_is_attached(0, client.id) and client
  end)
end

-- With the plugin: open the file and have its comment done; the person gives these answers, one after the other.
function M.do_what_the_comment_asks(answers)
  M.listen()
  M.person(answers)
  require("codelab").setup({ cmd = M.server() })
  vim.cmd("edit " .. vim.env.SCENARIO_FILE)
  M.attached()
  M.choose_action("Do what this comment asks")
end

-- Run a scenario and end Neovim; a failure is told to the test.
function M.main(scenario)
  local ok, problem = xpcall(scenario, debug.traceback)
  M.tell("prompts", M.prompts)
  M.tell("messages", M.messages)
  M.tell("failure", ok and vim.NIL or tostring(problem))
  vim.cmd("qall!")
end

return M
