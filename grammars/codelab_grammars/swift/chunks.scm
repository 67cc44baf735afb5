(class_declaration) @container
(protocol_declaration) @container

(function_declaration) @chunk
(init_declaration) @chunk
(deinit_declaration) @chunk
(subscript_declaration) @chunk
(property_declaration computed_value: (_)) @chunk
