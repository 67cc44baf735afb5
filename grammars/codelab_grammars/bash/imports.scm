; Other commands are left out by who reads the captures
(command
  name: (command_name (word) @import.call)
  . argument: [(word) (string) (raw_string) (concatenation)] @import.module) @import
