(import_statement [
  (string_value (string_content) @import.module)
  (call_expression (arguments [
    (string_value (string_content) @import.module)
    (plain_value) @import.module
  ]))
]) @import
