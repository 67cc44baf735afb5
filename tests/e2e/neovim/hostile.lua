-- With the plugin: the person says yes to commands that try to get out of the sandbox.
local common = dofile(vim.env.SCENARIO_FOLDER .. "/common.lua")

common.main(function()
  common.listen()
  common.person({ "Allow", "Allow", "Allow" })
  require("codelab").setup({ cmd = common.server() })
  vim.cmd("edit " .. vim.env.SCENARIO_FILE)
  common.attached()
  common.choose_action("Do what this comment asks")
  common.tell("answer", common.message("Stopped by the sandbox"))
end)
