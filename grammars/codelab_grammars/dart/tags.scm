; Definitions. A body is the neighbour of the signature that it belongs to.

(class_definition name: (identifier) @name body: (class_body) @body) @definition.class
(mixin_declaration (identifier) @name (class_body) @body) @definition.trait
(enum_declaration name: (identifier) @name body: (enum_body) @body) @definition.enum
(extension_declaration name: (identifier) @name body: (extension_body) @body) @definition.extension
(extension_type_declaration name: (_) @name) @definition.extension
(enum_constant name: (identifier) @name) @definition.member
(type_alias . (type_identifier) @name) @definition.type

(program (function_signature name: (identifier) @name) @definition.function)
(program (getter_signature name: (identifier) @name) @definition.variable)
(local_function_declaration (lambda_expression
  (function_signature name: (identifier) @name) @definition.function))

(method_signature (function_signature name: (identifier) @name)) @definition.method
(method_signature (getter_signature name: (identifier) @name)) @definition.method
(method_signature (setter_signature name: (identifier) @name)) @definition.method
(method_signature (operator_signature (binary_operator) @name)) @definition.method
(method_signature (constructor_signature name: (identifier) @name . (formal_parameter_list))) @definition.method
(method_signature (factory_constructor_signature (identifier) @name . (formal_parameter_list))) @definition.method

(declaration (function_signature name: (identifier) @name)) @definition.declaration
(declaration (getter_signature name: (identifier) @name)) @definition.declaration
(declaration (constructor_signature name: (identifier) @name . (formal_parameter_list))) @definition.method
(declaration (constant_constructor_signature (identifier) @name . (formal_parameter_list))) @definition.method
(declaration (initialized_identifier_list
  (initialized_identifier . (identifier) @name))) @definition.field
(declaration (static_final_declaration_list
  (static_final_declaration . (identifier) @name))) @definition.field

(program (static_final_declaration_list
  (static_final_declaration . (identifier) @name) @definition.variable))
(program (initialized_identifier_list
  (initialized_identifier . (identifier) @name) @definition.variable))

(function_body) @body @tail

; What belongs to the definition below

(comment) @comment
(documentation_comment) @comment
(annotation) @decorator

; References

((identifier) @call . (selector (argument_part)))
((selector (unconditional_assignable_selector (identifier) @call)) . (selector (argument_part)))
((selector (conditional_assignable_selector (identifier) @call)) . (selector (argument_part)))
(const_object_expression (type_identifier) @call)
(new_expression (type_identifier) @call)
(annotation name: (identifier) @call)

(superclass (type_identifier) @base)
(mixins (type_identifier) @base)
(interfaces (type_identifier) @base)

(type_identifier) @type
