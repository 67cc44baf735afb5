(function_declaration) @chunk
(method_declaration) @chunk
(source_file (type_declaration [(type_spec) (type_alias)] @chunk))
(source_file (const_declaration) @chunk)
(source_file (var_declaration) @chunk)
