(function_definition) @chunk
(class_definition) @container
(module (expression_statement (assignment)) @chunk)
(type_alias_statement) @chunk
