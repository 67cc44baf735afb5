; Definitions

(function_declaration name: (_) @name body: (block)? @body) @definition.function

; Inventory.weight = function(self) ... end
(assignment_statement
  (variable_list . name: [(identifier) (dot_index_expression)] @name)
  (expression_list . value: (function_definition body: (block)? @body))) @definition.function

(field
  name: (identifier) @name
  value: (function_definition body: (block)? @body)) @definition.function

(chunk (variable_declaration
  (assignment_statement (variable_list name: (identifier) @name))) @definition.variable)
(chunk (variable_declaration (variable_list name: (identifier) @name)) @definition.variable)
(chunk (assignment_statement
  (variable_list name: [(identifier) (dot_index_expression)] @name)) @definition.variable)

; What belongs to the definition below

(comment) @comment

; References

(function_call name: [
  (identifier) @call
  (dot_index_expression field: (identifier) @call)
  (method_index_expression method: (identifier) @call)
])
