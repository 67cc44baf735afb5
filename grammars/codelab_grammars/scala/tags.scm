; Definitions

(class_definition name: (_) @name body: (_)? @body) @definition.class
(object_definition name: (_) @name body: (_)? @body) @definition.object
(package_object name: (_) @name body: (_)? @body) @definition.object
(trait_definition name: (_) @name body: (_)? @body) @definition.trait
(enum_definition name: (_) @name body: (_)? @body) @definition.enum
(simple_enum_case name: (_) @name) @definition.member
(full_enum_case name: (_) @name) @definition.member

(function_definition name: (_) @name body: (_)? @body) @definition.function
(function_declaration name: (_) @name) @definition.declaration

(template_body [
  (val_definition pattern: (identifier) @name)
  (var_definition pattern: (identifier) @name)
  (val_declaration name: (identifier) @name)
  (var_declaration name: (identifier) @name)
] @definition.field)
(compilation_unit [
  (val_definition pattern: (identifier) @name)
  (var_definition pattern: (identifier) @name)
] @definition.variable)
(given_definition name: (_) @name body: (_)? @body) @definition.variable
(type_definition name: (_) @name) @definition.type

; What belongs to the definition below

(comment) @comment
(block_comment) @comment

; References

(call_expression function: [
  (identifier) @call
  (field_expression field: (identifier) @call)
  (generic_function function: [
    (identifier) @call
    (field_expression field: (identifier) @call)
  ])
])
(generic_function function: (field_expression field: (identifier) @call))
(instance_expression . [
  (type_identifier) @call
  (generic_type type: (type_identifier) @call)
])
(infix_expression operator: (identifier) @call)
(annotation name: (type_identifier) @call)

(extends_clause [
  (type_identifier) @base
  (generic_type type: (type_identifier) @base)
  (stable_type_identifier (type_identifier) @base)
])

(type_identifier) @type
