; Other calls with a string are left out by who reads the captures
(function_call
  name: (identifier) @import.call
  arguments: (arguments . (string content: (string_content) @import.module) .)) @import
