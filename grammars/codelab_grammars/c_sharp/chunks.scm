(namespace_declaration) @container
(class_declaration) @container
(interface_declaration) @container
(struct_declaration) @container
(record_declaration) @container
(enum_declaration) @container

(method_declaration) @chunk
(constructor_declaration) @chunk
(operator_declaration) @chunk
(conversion_operator_declaration) @chunk
(indexer_declaration) @chunk
(property_declaration accessors: (accessor_list)) @chunk
(delegate_declaration) @chunk
