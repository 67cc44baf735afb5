(abstract_class_declaration) @container
(internal_module) @container
(module) @container

(interface_declaration) @chunk
(type_alias_declaration) @chunk
(enum_declaration) @chunk
(function_signature) @chunk
(abstract_method_signature) @chunk
(public_field_definition value: [(arrow_function) (function_expression)]) @chunk
