(jsx_opening_element name: [
  (identifier) @call.component
  (member_expression property: (property_identifier) @call.component)
])
(jsx_self_closing_element name: [
  (identifier) @call.component
  (member_expression property: (property_identifier) @call.component)
])
