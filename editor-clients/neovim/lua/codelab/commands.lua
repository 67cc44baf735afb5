-- :CodeLab chat|run|search|status|undo|stop|resume|answer
local M = {}

-- Return the client that serves a buffer, else any.
function M.client(buffer)
  local all = (vim.lsp.get_clients or vim.lsp.get_active_clients)()
  local any
  for _, client in ipairs(all) do
    if client.name == "codelab" then
      any = client
      if vim.lsp.buf_is_attached(buffer, client.id) then
        return client
      end
    end
  end
  return any
end

-- Execute a command of the server; on_result gets its result. An error is shown by Neovim's notification.
function M.execute(name, arguments, on_result)
  local buffer = vim.api.nvim_get_current_buf()
  local client = M.client(buffer)
  if not client then
    local markers = table.concat(require("codelab").config.root_markers, " or ")
    vim.notify(
      "CodeLab is not running: open a file below a folder that holds " .. markers .. " first.",
      vim.log.levels.WARN
    )
    return
  end
  local params = { command = name, arguments = { arguments } }
  local function handler(err, result)
    if err then
      vim.notify(err.message, vim.log.levels.ERROR)
    elseif on_result then
      on_result(result)
    end
  end
  if vim.fn.has("nvim-0.11") == 1 then
    client:request("workspace/executeCommand", params, handler, buffer)
  else
    client.request("workspace/executeCommand", params, handler, buffer)
  end
end

-- Say where the person is: the lines of a range, else the file.
local function place(command)
  local name = vim.api.nvim_buf_get_name(0)
  if name == "" or command.range == 0 then
    return {}
  end
  return { path = vim.uri_from_fname(name), start_line = command.line1, end_line = command.line2 }
end

local function show_hits(hits)
  local client = M.client(vim.api.nvim_get_current_buf())
  local root = client and client.config.root_dir or vim.fn.getcwd()
  local items = {}
  for index, hit in ipairs(hits) do
    items[index] = {
      filename = root .. "/" .. hit.path,
      lnum = hit.start_line,
      end_lnum = hit.end_line,
      text = hit.kind .. " " .. hit.symbol,
    }
  end
  vim.fn.setqflist({}, " ", { title = "CodeLab", items = items })
  if #items > 0 then
    vim.cmd("copen")
  else
    vim.notify("Nothing was found.")
  end
end

local commands = {
  chat = function(text, command)
    M.execute("codelab.chat", vim.tbl_extend("force", place(command), { question = text }))
  end,
  run = function(text, command)
    M.execute("codelab.run", vim.tbl_extend("force", place(command), { task = text }))
  end,
  search = function(text)
    M.execute("codelab.search", { query = text, limit = 30, show = false }, show_hits)
  end,
  status = function()
    M.execute("codelab.status", { show = true })
  end,
  undo = function()
    M.execute("codelab.undo", { show = true })
  end,
  stop = function(text)
    M.execute("codelab.stop", { run = text })
  end,
  resume = function(text)
    M.execute("codelab.resume", { run = text })
  end,
  answer = function()
    require("codelab.approvals").answer()
  end,
}

-- Return the names, for completion.
function M.names()
  local names = vim.tbl_keys(commands)
  table.sort(names)
  return names
end

-- Run one :CodeLab command.
function M.run(command)
  local name, text = command.args:match("^(%S+)%s*(.*)$")
  local known = commands[name]
  if not known then
    vim.notify("CodeLab knows " .. table.concat(M.names(), ", ") .. "; not " .. name, vim.log.levels.ERROR)
  elseif (name == "chat" or name == "run" or name == "search") and text == "" then
    vim.notify("CodeLab " .. name .. " needs some words.", vim.log.levels.ERROR)
  else
    known(text, command)
  end
end

return M
