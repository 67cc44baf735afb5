-- With the plugin: attach, code action, show diff, apply, write, undo, write.
local common = dofile(vim.env.SCENARIO_FOLDER .. "/common.lua")

common.main(function()
  common.listen()
  common.person({ "Show diff", "Apply" })
  require("codelab").setup({ cmd = common.server() })
  vim.cmd("edit " .. vim.env.SCENARIO_FILE)
  local buffer = vim.api.nvim_get_current_buf()
  common.attached()
  common.tell("offered", common.choose_action("Do what this comment asks"))
  common.message("refused now")
  local diff
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    local name = vim.api.nvim_buf_get_name(vim.api.nvim_win_get_buf(window))
    diff = name:match("%.diff$") and vim.api.nvim_win_get_buf(window) or diff
  end
  common.tell("diff", diff and table.concat(vim.api.nvim_buf_get_lines(diff, 0, -1, false), "\n") or vim.NIL)
  vim.api.nvim_set_current_buf(buffer)
  common.tell("applied", common.text())
  vim.cmd("silent undo")
  common.tell("one step back", common.text())
  vim.cmd("silent redo")
  vim.cmd("silent write")
  vim.cmd("CodeLab undo")
  common.message("as it was before")
  common.tell("undone", common.text())
  vim.cmd("silent write")
end)
