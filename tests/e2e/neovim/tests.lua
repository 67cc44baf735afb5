-- With the plugin: the coder runs the tests, mends the code and runs them again; the person says yes each time.
local common = dofile(vim.env.SCENARIO_FOLDER .. "/common.lua")

common.main(function()
  common.do_what_the_comment_asks({ "Allow", "Apply", "Allow" })
  common.tell("answer", common.message("Mended"))
  common.tell("applied", common.text())
end)
