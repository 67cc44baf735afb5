; Definitions

(class_definition
  name: (identifier) @name
  body: (block) @body) @definition.class

(class_definition
  body: (block . (comment)* . (expression_statement (string) @doc)))

(function_definition
  name: (identifier) @name
  body: (block) @body) @definition.function

(function_definition
  body: (block . (comment)* . (expression_statement (string) @doc)))

(module
  (expression_statement
    (assignment left: [
      (identifier) @name
      (pattern_list (identifier) @name)
    ])) @definition.variable)

(class_definition
  body: (block
    (expression_statement
      (assignment left: (identifier) @name)) @definition.field))

(type_alias_statement
  left: (type [
    (identifier) @name
    (generic_type (identifier) @name)
  ])) @definition.type

; What belongs to the definition below

(comment) @comment
(decorator) @decorator

; References

(call
  function: [
    (identifier) @call
    (attribute attribute: (identifier) @call)
  ])

(decorator [
  (identifier) @call
  (attribute attribute: (identifier) @call)
])

(class_definition
  superclasses: (argument_list [
    (identifier) @base
    (attribute attribute: (identifier) @base)
  ]))

(type [
  (identifier) @type
  (attribute attribute: (identifier) @type)
  (generic_type (identifier) @type)
])
