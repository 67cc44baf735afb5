(class_declaration) @container
(class) @container
(variable_declarator value: (class)) @container

(function_declaration) @chunk
(generator_function_declaration) @chunk
(method_definition) @chunk

(variable_declarator value: [(arrow_function) (function_expression) (generator_function)]) @chunk
(pair value: [(arrow_function) (function_expression)]) @chunk
(assignment_expression right: [(arrow_function) (function_expression)]) @chunk

(export_statement value: (_)) @chunk
(program (expression_statement) @chunk)
(program (lexical_declaration (variable_declarator) @chunk))
(program (export_statement (lexical_declaration (variable_declarator) @chunk)))
