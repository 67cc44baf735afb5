; Read after the queries of C, whose grammar this one extends.

(class_specifier
  name: (_) @name
  body: (field_declaration_list) @body) @definition.class

(namespace_definition
  name: (_) @name
  body: (declaration_list) @body) @definition.namespace

(function_definition
  declarator: [
    (function_declarator declarator: [
      (field_identifier) (qualified_identifier) (destructor_name) (operator_name) (template_function)
    ] @name)
    (reference_declarator (function_declarator declarator: [
      (identifier) (field_identifier) (qualified_identifier) (operator_name)
    ] @name))
    (pointer_declarator declarator: (function_declarator declarator: [
      (field_identifier) (qualified_identifier) (operator_name)
    ] @name))
    (operator_cast) @name
  ]
  body: (compound_statement)? @body) @definition.function

; A member that is declared here and defined elsewhere
(field_declaration
  declarator: [
    (function_declarator declarator: [(field_identifier) (operator_name)] @name)
    (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @name))
    (reference_declarator (function_declarator declarator: [
      (field_identifier) (operator_name)
    ] @name))
  ]) @definition.declaration

(field_declaration_list (declaration
  declarator: (function_declarator declarator: [
    (identifier) (destructor_name)
  ] @name)) @definition.declaration)

(alias_declaration name: (type_identifier) @name) @definition.type
(concept_definition name: (identifier) @name) @definition.concept

(template_parameter_list) @decorator

(call_expression
  function: [
    (qualified_identifier name: [
      (identifier) @call
      (qualified_identifier name: (identifier) @call)
      (template_function name: (identifier) @call)
    ])
    (template_function name: (identifier) @call)
  ])

(new_expression type: [
  (type_identifier) @call
  (template_type name: (type_identifier) @call)
  (qualified_identifier name: (type_identifier) @call)
])

(base_class_clause [
  (type_identifier) @base
  (template_type name: (type_identifier) @base)
  (qualified_identifier name: [
    (type_identifier) @base
    (template_type name: (type_identifier) @base)
  ])
])
