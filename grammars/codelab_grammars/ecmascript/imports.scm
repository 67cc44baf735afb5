(import_statement
  source: (string (string_fragment) @import.module)) @import

(import_clause (identifier) @import.name)
(import_specifier name: (identifier) @import.name)
(namespace_import "*" @import.name)

(export_statement
  source: (string (string_fragment) @import.module)) @import

(export_statement
  (export_clause (export_specifier name: (identifier) @import.name))
  source: (string))

(export_statement
  "*" @import.name
  source: (string))

; const { readFile } = require("fs")
(variable_declarator
  name: (object_pattern (shorthand_property_identifier_pattern) @import.name)
  value: (call_expression
    function: (identifier) @_require
    arguments: (arguments . (string)))
  (#eq? @_require "require"))

(variable_declarator
  value: (call_expression
    function: (identifier) @_require
    arguments: (arguments . (string (string_fragment) @import.module)))
  (#eq? @_require "require")) @import

(call_expression
  function: (import)
  arguments: (arguments . (string (string_fragment) @import.module))) @import
