(function_declaration) @chunk
(assignment_statement (expression_list value: (function_definition))) @chunk
(field value: (function_definition)) @chunk
(chunk (variable_declaration) @container)
