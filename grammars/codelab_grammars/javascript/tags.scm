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

; Components; elements of HTML begin with a small letter
((jsx_opening_element name: [
  (identifier) @call
  (member_expression property: (property_identifier) @call)
]) (#match? @call "^[A-Z]"))

((jsx_self_closing_element name: [
  (identifier) @call
  (member_expression property: (property_identifier) @call)
]) (#match? @call "^[A-Z]"))
