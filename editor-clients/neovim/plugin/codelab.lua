-- The :CodeLab command. The server is started by require("codelab").setup().
if vim.g.loaded_codelab then
  return
end
vim.g.loaded_codelab = true

vim.api.nvim_create_user_command("CodeLab", function(command)
  require("codelab.commands").run(command)
end, {
  nargs = "+",
  range = true,
  desc = "Ask CodeLab, or have it do something",
  complete = function(lead, line)
    if line:match("^%S+%s+%S*$") or line:match("^'<,'>%S+%s+%S*$") then
      return vim.tbl_filter(function(name)
        return vim.startswith(name, lead)
      end, require("codelab.commands").names())
    end
    return {}
  end,
})
