(class_definition) @container
(mixin_declaration) @container
(enum_declaration) @container
(extension_declaration) @container

(program (function_signature) @chunk)
(program (getter_signature) @chunk)
(method_signature) @chunk
