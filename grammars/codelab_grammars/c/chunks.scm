(function_definition) @chunk
(struct_specifier name: (_) body: (_)) @chunk
(union_specifier name: (_) body: (_)) @chunk
(enum_specifier name: (_) body: (_)) @chunk
(type_definition) @chunk
(preproc_function_def) @chunk
(translation_unit (declaration) @chunk)
