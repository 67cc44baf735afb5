; Definitions

(function_declaration
  name: (identifier) @name
  body: (block)? @body) @definition.function

(method_declaration
  receiver: (parameter_list (parameter_declaration type: [
    (type_identifier) @receiver
    (generic_type type: (type_identifier) @receiver)
    (pointer_type [
      (type_identifier) @receiver
      (generic_type type: (type_identifier) @receiver)
    ])
  ]))
  name: (field_identifier) @name
  body: (block)? @body) @definition.method

(type_spec
  name: (type_identifier) @name
  type: (struct_type (field_declaration_list) @body)) @definition.struct

(type_spec
  name: (type_identifier) @name
  type: (interface_type "{" @body)) @definition.interface

(type_spec name: (type_identifier) @name) @definition.type
(type_alias name: (type_identifier) @name) @definition.type

(field_declaration name: (field_identifier) @name) @definition.field
(method_elem name: (field_identifier) @name) @definition.method

(source_file (const_declaration (const_spec name: (identifier) @name) @definition.constant))
(source_file (var_declaration (var_spec name: (identifier) @name) @definition.variable))
(source_file (var_declaration
  (var_spec_list (var_spec name: (identifier) @name) @definition.variable)))

; What belongs to the definition below

(comment) @comment

; References

(call_expression
  function: [
    (identifier) @call
    (selector_expression field: (field_identifier) @call)
  ])

(struct_type (field_declaration_list
  (field_declaration
    !name
    type: [
      (type_identifier) @base
      (qualified_type name: (type_identifier) @base)
    ])))
(field_declaration_list
  (field_declaration
    !name
    "*"
    type: (type_identifier) @base))
(interface_type (type_elem (type_identifier) @base))

(type_identifier) @type
