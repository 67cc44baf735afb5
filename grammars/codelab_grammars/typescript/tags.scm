(abstract_class_declaration
  name: (type_identifier) @name
  body: (class_body) @body) @definition.class

(interface_declaration
  name: (type_identifier) @name
  body: (interface_body) @body) @definition.interface

(type_alias_declaration
  name: (type_identifier) @name) @definition.type

(enum_declaration
  name: (identifier) @name
  body: (enum_body) @body) @definition.enum

(enum_body name: (property_identifier) @definition.member @name)
(enum_assignment name: (property_identifier) @name) @definition.member

(internal_module
  name: (_) @name
  body: (statement_block) @body) @definition.namespace

(module
  name: (_) @name
  body: (statement_block) @body) @definition.namespace

(internal_module
  body: (statement_block [
    (lexical_declaration (variable_declarator name: (identifier) @name) @definition.variable)
    (export_statement
      (lexical_declaration (variable_declarator name: (identifier) @name) @definition.variable))
  ]))

(function_signature name: (identifier) @name) @definition.declaration
(abstract_method_signature name: (_) @name) @definition.method
(method_signature name: (_) @name) @definition.method
(property_signature name: (_) @name) @definition.field

(public_field_definition name: (_) @name) @definition.field

(public_field_definition
  name: (_) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
  ]) @definition.method

(extends_clause value: [
  (identifier) @base
  (member_expression property: (property_identifier) @base)
])

(implements_clause [
  (type_identifier) @base
  (generic_type name: (type_identifier) @base)
])

(extends_type_clause type: [
  (type_identifier) @base
  (generic_type name: (type_identifier) @base)
])

(type_identifier) @type
