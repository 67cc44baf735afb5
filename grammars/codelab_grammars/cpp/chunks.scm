(class_specifier name: (_) body: (_)) @container
(namespace_definition) @container
(linkage_specification body: (declaration_list)) @container
(struct_specifier name: (_) body: (_)) @container

(alias_declaration) @chunk
(concept_definition) @chunk
