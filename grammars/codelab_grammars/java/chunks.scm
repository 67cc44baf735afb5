(class_declaration) @container
(interface_declaration) @container
(annotation_type_declaration) @container
(enum_declaration) @container
(record_declaration) @container

(method_declaration) @chunk
(constructor_declaration) @chunk
(compact_constructor_declaration) @chunk
(static_initializer) @chunk
