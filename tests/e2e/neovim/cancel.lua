-- With the plugin: the person cancels while the model is still writing, and asks how things stand.
local common = dofile(vim.env.SCENARIO_FOLDER .. "/common.lua")

common.main(function()
  common.listen()
  common.person({})
  local titles = {}
  local standard = vim.lsp.handlers["$/progress"]
  vim.lsp.handlers["$/progress"] = function(err, result, context, config)
    table.insert(titles, (result.value.title or "") .. "|" .. (result.value.message or ""))
    return standard(err, result, context, config)
  end
  require("codelab").setup({ cmd = common.server() })
  vim.cmd("edit " .. vim.env.SCENARIO_FILE)
  local client = common.attached()
  common.choose_action("Do what this comment asks")
  common.wait("the coder to write", function()
    return vim.tbl_contains(titles, "|coder: writing")
  end)
  for token, progress in pairs(client.messages.progress) do
    if not progress.done then
      client.notify("window/workDoneProgress/cancel", { token = token })
    end
  end
  common.message("Stopped")
  common.tell("text", common.text())
  vim.cmd("CodeLab status")
  common.tell("status", common.message("runs:"))
end)
