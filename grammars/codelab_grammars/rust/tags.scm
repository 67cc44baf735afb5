; Definitions

(function_item
  name: (identifier) @name
  body: (block) @body) @definition.function

(function_signature_item
  name: (identifier) @name) @definition.declaration

(struct_item
  name: (type_identifier) @name
  body: (field_declaration_list)? @body) @definition.struct

(union_item
  name: (type_identifier) @name
  body: (field_declaration_list) @body) @definition.union

(enum_item
  name: (type_identifier) @name
  body: (enum_variant_list) @body) @definition.enum

(enum_variant name: (identifier) @name) @definition.member
(field_declaration name: (field_identifier) @name) @definition.field

(trait_item
  name: (type_identifier) @name
  body: (declaration_list) @body) @definition.trait

(impl_item
  type: [
    (type_identifier) @name
    (generic_type type: (type_identifier) @name)
    (scoped_type_identifier name: (type_identifier) @name)
    (reference_type type: (type_identifier) @name)
  ]
  body: (declaration_list) @body) @definition.scope

(mod_item
  name: (identifier) @name
  body: (declaration_list) @body) @definition.module

(macro_definition name: (identifier) @name) @definition.macro
(type_item name: (type_identifier) @name) @definition.type
(associated_type name: (type_identifier) @name) @definition.type
(const_item name: (identifier) @name) @definition.constant
(static_item name: (identifier) @name) @definition.variable

; What belongs to the definition below

(line_comment) @comment
(block_comment) @comment
(attribute_item) @decorator

; References

(call_expression
  function: [
    (identifier) @call
    (field_expression field: (field_identifier) @call)
    (scoped_identifier name: (identifier) @call)
    (generic_function function: [
      (identifier) @call
      (field_expression field: (field_identifier) @call)
      (scoped_identifier name: (identifier) @call)
    ])
  ])

(macro_invocation macro: [
  (identifier) @call
  (scoped_identifier name: (identifier) @call)
])

(impl_item
  trait: [
    (type_identifier) @base
    (generic_type type: (type_identifier) @base)
    (scoped_type_identifier name: (type_identifier) @base)
  ])

(trait_item
  bounds: (trait_bounds [
    (type_identifier) @base
    (generic_type type: (type_identifier) @base)
    (scoped_type_identifier name: (type_identifier) @base)
  ]))

(type_identifier) @type
