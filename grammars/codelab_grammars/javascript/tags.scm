(field_definition
  property: (_) @name) @definition.field

(field_definition
  property: (_) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
  ]) @definition.method

(class_heritage [
  (identifier) @base
  (member_expression property: (property_identifier) @base)
])

(jsx_opening_element name: [
  (identifier) @call.component
  (member_expression property: (property_identifier) @call.component)
])
(jsx_self_closing_element name: [
  (identifier) @call.component
  (member_expression property: (property_identifier) @call.component)
])
