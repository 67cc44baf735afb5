-- CodeLab for Neovim 0.7 and later: starts the language server and attaches it to files.
local M = {}

M.config = {
  -- The command that starts the server.
  cmd = { "codelab", "--stdio" },
  -- Only these file types; nil means all.
  filetypes = nil,
  -- A folder that holds one of these is a workspace; the nearest one counts.
  root_markers = { ".git", ".codelab" },
}

local started = {} -- client ids by root, for a Neovim without vim.lsp.start

-- Return the workspace of a file, or nil for one that is in none.
function M.root_of(name)
  local folder = vim.fn.fnamemodify(name, ":p:h")
  while folder ~= "" do
    for _, marker in ipairs(M.config.root_markers) do
      if vim.loop.fs_stat(folder .. "/" .. marker) then
        return folder
      end
    end
    local above = vim.fn.fnamemodify(folder, ":h")
    if above == folder then
      return nil
    end
    folder = above
  end
  return nil
end

-- Return how a client for a root is started.
function M.client_config(root)
  return {
    name = "codelab",
    cmd = M.config.cmd,
    root_dir = root,
    capabilities = require("codelab.handlers").capabilities(),
    handlers = require("codelab.handlers").handlers(),
  }
end

-- Attach CodeLab to a buffer that shows a file of a workspace.
function M.attach(buffer)
  local name = vim.api.nvim_buf_get_name(buffer)
  local wanted = M.config.filetypes
  local listed = wanted == nil or vim.tbl_contains(wanted, vim.bo[buffer].filetype)
  local root = name ~= "" and vim.bo[buffer].buftype == "" and M.root_of(name)
  if not root or not listed then
    return
  end
  if vim.lsp.start then -- 0.8 and later: one client per root
    vim.lsp.start(M.client_config(root), { bufnr = buffer })
    return
  end
  if not started[root] or not vim.lsp.get_client_by_id(started[root]) then
    started[root] = vim.lsp.start_client(M.client_config(root))
  end
  if started[root] then
    vim.lsp.buf_attach_client(buffer, started[root])
  end
end

-- Start CodeLab for the files that are open and those that will be.
--
-- options: fields of M.config to replace.
function M.setup(options)
  M.config = vim.tbl_extend("force", M.config, options or {})
  if vim.lsp.config and vim.lsp.enable then -- 0.11 and later
    local config = M.client_config(nil)
    config.filetypes = M.config.filetypes
    config.root_dir = function(buffer, on_root)
      local root = M.root_of(vim.api.nvim_buf_get_name(buffer))
      if root then
        on_root(root)
      end
    end
    vim.lsp.config("codelab", config)
    vim.lsp.enable("codelab")
    return
  end
  vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile", "FileType" }, {
    group = vim.api.nvim_create_augroup("codelab", { clear = true }),
    callback = function(event)
      M.attach(event.buf)
    end,
  })
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buffer) then
      M.attach(buffer)
    end
  end
end

return M
