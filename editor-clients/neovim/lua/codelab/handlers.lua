-- What old versions of Neovim lack: opening documents, and a prompt for approvals that can be read.
local M = {}

local OLD = vim.fn.has("nvim-0.8") == 0

-- Open a document that the server shows.
function M.show_document(_, params)
  local name = vim.uri_to_fname(params.uri)
  local window = vim.api.nvim_get_current_win()
  local shown = pcall(vim.cmd, "split " .. vim.fn.fnameescape(name))
  if shown and params.takeFocus == false then
    vim.api.nvim_set_current_win(window)
  end
  return { success = shown }
end

-- Ask the person; closing the prompt (Esc) is an answer too: none.
function M.show_message_request(_, params)
  local titles = {}
  for index, action in ipairs(params.actions or {}) do
    titles[index] = action.title
  end
  local lettered = require("codelab.approvals").with_letters(titles)
  vim.cmd("redraw")
  local choice = vim.fn.confirm(params.message, table.concat(lettered, "\n"), 0)
  return (params.actions or {})[choice] or vim.NIL
end

-- Return the handlers that this version of Neovim needs.
function M.handlers()
  local approval = require("codelab.approvals").request
  if not OLD then
    return { ["codelab/approval"] = approval }
  end
  return {
    ["codelab/approval"] = approval,
    ["window/showDocument"] = M.show_document,
    ["window/showMessageRequest"] = M.show_message_request,
  }
end

-- Return what the client can do, with these handlers.
function M.capabilities()
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.experimental = { codelab = { approval = true } }
  if OLD then
    capabilities.window.showDocument = { support = true }
    capabilities.workspace.workspaceEdit.documentChanges = true
  end
  return capabilities
end

return M
