-- With the plugin: the person says no, then closes a prompt.
local common = dofile(vim.env.SCENARIO_FOLDER .. "/common.lua")

common.main(function()
  common.do_what_the_comment_asks({ "Reject", "use a decorator", false })
  common.message("Then not")
  vim.cmd("CodeLab run do it again")
  common.message("Not at all")
  common.tell("text", common.text())
  common.tell("modified", vim.bo.modified)
end)
