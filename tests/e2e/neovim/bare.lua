-- Without the plugin: Neovim's own client, as any LSP configuration starts it; an answer and an edit.
local common = dofile(vim.env.SCENARIO_FOLDER .. "/common.lua")

common.main(function()
  common.listen()
  common.person({ "Apply" })
  vim.cmd("edit " .. vim.env.SCENARIO_FILE)
  local client = vim.lsp.start_client({
    name = "codelab",
    cmd = common.server(),
    root_dir = vim.fn.fnamemodify(vim.env.SCENARIO_FILE, ":h"),
  })
  vim.lsp.buf_attach_client(0, client)
  common.attached()
  common.choose_action("Do what this comment asks")
  common.message("refused now")
  common.tell("applied", common.text())
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  common.choose_action("Explain with CodeLab")
  common.tell("answer", common.message("It pays."))
end)
