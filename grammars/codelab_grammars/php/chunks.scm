(namespace_definition body: (_)) @container
(class_declaration) @container
(interface_declaration) @container
(trait_declaration) @container
(enum_declaration) @container

(function_definition) @chunk
(method_declaration) @chunk
