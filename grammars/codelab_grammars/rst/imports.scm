; Other directives are left out by who reads the captures
(directive
  name: (type) @import.call
  body: (body (arguments) @import.module)) @import
