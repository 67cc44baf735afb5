(class_definition) @container
(object_definition) @container
(package_object) @container
(trait_definition) @container
(enum_definition) @container
(given_definition) @container
(extension_definition) @container
(package_clause body: (_)) @container

(function_definition) @chunk
