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

; const { readFile } = require("fs"); other calls with a string are left out by who reads the captures
(variable_declarator
  name: (object_pattern [
    (shorthand_property_identifier_pattern) @import.name
    (pair_pattern key: (property_identifier) @import.name)
  ])
  value: (call_expression
    function: (identifier)
    arguments: (arguments . (string))))

(variable_declarator
  value: (call_expression
    function: (identifier) @import.require
    arguments: (arguments . (string (string_fragment) @import.module) .))) @import

(call_expression
  function: (import)
  arguments: (arguments . (string (string_fragment) @import.module))) @import

; A require that gives no variable its value: require("./setup"); module.exports = require("./lib")
(expression_statement
  (call_expression
    function: (identifier) @import.require
    arguments: (arguments . (string (string_fragment) @import.module) .)) @import)
(assignment_expression right:
  (call_expression
    function: (identifier) @import.require
    arguments: (arguments . (string (string_fragment) @import.module) .)) @import)
(member_expression object:
  (call_expression
    function: (identifier) @import.require
    arguments: (arguments . (string (string_fragment) @import.module) .)) @import)
(call_expression function:
  (call_expression
    function: (identifier) @import.require
    arguments: (arguments . (string (string_fragment) @import.module) .)) @import)
(arguments
  (call_expression
    function: (identifier) @import.require
    arguments: (arguments . (string (string_fragment) @import.module) .)) @import)
(pair value:
  (call_expression
    function: (identifier) @import.require
    arguments: (arguments . (string (string_fragment) @import.module) .)) @import)
(return_statement
  (call_expression
    function: (identifier) @import.require
    arguments: (arguments . (string (string_fragment) @import.module) .)) @import)
