-- With the plugin: the person says yes to commands that try to get out of the sandbox.
local common = dofile(vim.env.SCENARIO_FOLDER .. "/common.lua")

common.main(function()
  common.do_what_the_comment_asks({ "Allow", "Allow", "Allow" })
  common.tell("answer", common.message("Stopped by the sandbox"))
end)
