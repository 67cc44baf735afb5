-- With the plugin: the comment asks a question; its answer opens as a document.
local common = dofile(vim.env.SCENARIO_FOLDER .. "/common.lua")

common.main(function()
  common.do_what_the_comment_asks({})
  common.wait("the answer", function()
    return common.text():find("It adds nothing.", 1, true)
  end)
  common.tell("answer", common.text())
  common.tell("windows", #vim.api.nvim_list_wins())
end)
