; Other calls with a string are left out by who reads the captures
(call
  !receiver
  method: (identifier) @import.call
  arguments: (argument_list . (simple_symbol)? . (string (string_content) @import.module))) @import
