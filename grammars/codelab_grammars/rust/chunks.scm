(impl_item) @container
(trait_item) @container
(mod_item body: (_)) @container
(foreign_mod_item) @container

(function_item) @chunk
(struct_item) @chunk
(union_item) @chunk
(enum_item) @chunk
(macro_definition) @chunk
(source_file [(const_item) (static_item) (type_item)] @chunk)
