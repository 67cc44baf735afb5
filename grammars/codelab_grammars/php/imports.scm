(namespace_use_declaration
  (namespace_use_clause . [(qualified_name) (name)] @import.path)) @import

(namespace_use_declaration
  (namespace_name) @import.module
  body: (namespace_use_group
    (namespace_use_clause . [(name) (qualified_name)] @import.name))) @import

; require __DIR__ . '/helpers.php': the part that is written out
(require_expression [
  (string (string_content) @import.module)
  (encapsed_string (string_content) @import.module)
  (binary_expression right: (string (string_content) @import.module))
  (parenthesized_expression (string (string_content) @import.module))
]) @import
(require_once_expression [
  (string (string_content) @import.module)
  (encapsed_string (string_content) @import.module)
  (binary_expression right: (string (string_content) @import.module))
  (parenthesized_expression (string (string_content) @import.module))
]) @import
(include_expression [
  (string (string_content) @import.module)
  (encapsed_string (string_content) @import.module)
  (binary_expression right: (string (string_content) @import.module))
  (parenthesized_expression (string (string_content) @import.module))
]) @import
(include_once_expression [
  (string (string_content) @import.module)
  (encapsed_string (string_content) @import.module)
  (binary_expression right: (string (string_content) @import.module))
  (parenthesized_expression (string (string_content) @import.module))
]) @import
