-- With the plugin: the coder runs the tests, mends the code and runs them again; the person says yes each time.
local common = dofile(vim.env.SCENARIO_FOLDER .. "/common.lua")

common.main(function()
  common.listen()
  common.person({ "Allow", "Apply", "Allow" })
  require("codelab").setup({ cmd = common.server() })
  vim.cmd("edit " .. vim.env.SCENARIO_FILE)
  common.attached()
  common.choose_action("Do what this comment asks")
  common.tell("answer", common.message("Mended"))
  common.tell("applied", common.text())
end)
