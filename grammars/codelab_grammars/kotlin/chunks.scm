(class_declaration) @container
(object_declaration) @container
(companion_object) @container

(function_declaration) @chunk
(secondary_constructor) @chunk
(anonymous_initializer) @chunk
(property_declaration [(getter) (setter)]) @chunk
