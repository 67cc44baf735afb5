; Definitions

(class_declaration
  name: (identifier) @name
  body: (class_body) @body) @definition.class

(interface_declaration
  name: (identifier) @name
  body: (interface_body) @body) @definition.interface

(annotation_type_declaration
  name: (identifier) @name
  body: (annotation_type_body) @body) @definition.interface

(enum_declaration
  name: (identifier) @name
  body: (enum_body) @body) @definition.enum

(record_declaration
  name: (identifier) @name
  body: (class_body) @body) @definition.record

(method_declaration
  name: (identifier) @name
  body: (block)? @body) @definition.method

(constructor_declaration
  name: (identifier) @name
  body: (constructor_body) @body) @definition.method

(compact_constructor_declaration
  name: (identifier) @name
  body: (block) @body) @definition.method

(annotation_type_element_declaration
  name: (identifier) @name) @definition.method

(enum_constant name: (identifier) @name) @definition.member

(field_declaration
  declarator: (variable_declarator name: (identifier) @name)) @definition.field

(constant_declaration
  declarator: (variable_declarator name: (identifier) @name)) @definition.field

; What belongs to the definition below

(line_comment) @comment
(block_comment) @comment

; References

(method_invocation name: (identifier) @call)

(object_creation_expression
  type: [
    (type_identifier) @call
    (generic_type (type_identifier) @call)
    (scoped_type_identifier (type_identifier) @call .)
  ])

(method_reference "::" (identifier) @call)
(marker_annotation name: (identifier) @call)
(annotation name: (identifier) @call)

(superclass [
  (type_identifier) @base
  (generic_type (type_identifier) @base)
  (scoped_type_identifier (type_identifier) @base .)
])
(super_interfaces (type_list [
  (type_identifier) @base
  (generic_type (type_identifier) @base)
]))
(extends_interfaces (type_list [
  (type_identifier) @base
  (generic_type (type_identifier) @base)
]))

(type_identifier) @type
