(import_statement [
  (dotted_name) @import.module
  (aliased_import name: (dotted_name) @import.module)
]) @import

(import_from_statement
  module_name: (_) @import.module) @import

(import_from_statement
  name: [
    (dotted_name) @import.name
    (aliased_import name: (dotted_name) @import.name)
  ])

(import_from_statement (wildcard_import) @import.name)

(future_import_statement "__future__" @import.module) @import

(future_import_statement
  name: (dotted_name) @import.name)
