; What JavaScript, TypeScript and TSX share.

; Definitions

(class_declaration
  name: (_) @name
  body: (class_body) @body) @definition.class

(class
  name: (_) @name
  body: (class_body) @body) @definition.class

(variable_declarator
  name: (identifier) @name
  value: (class !name body: (class_body) @body)) @definition.class

(function_declaration
  name: (identifier) @name
  body: (statement_block) @body) @definition.function

(generator_function_declaration
  name: (identifier) @name
  body: (statement_block) @body) @definition.function

(method_definition
  name: (_) @name
  body: (statement_block) @body) @definition.method

(variable_declarator
  name: (identifier) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @definition.function

(pair
  key: (property_identifier) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
  ]) @definition.method

; Foo.prototype.bar = function () {}; exports.baz = () => {}
(assignment_expression
  left: (member_expression object: [(identifier) (this) (member_expression object: (identifier))]) @name
  right: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
  ]) @definition.function

; module.exports = function make() {}: its name counts only where the left side says none
(assignment_expression
  left: (member_expression object: (identifier))
  right: (function_expression name: (identifier) @name))

; export default () => {}; export default class {}
(export_statement
  "default" @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression !name body: (_) @body)
  ]) @definition.function

(export_statement
  "default" @name
  value: (class !name body: (class_body) @body)) @definition.class

(program [
  (lexical_declaration (variable_declarator name: (identifier) @name) @definition.variable)
  (variable_declaration (variable_declarator name: (identifier) @name) @definition.variable)
  (export_statement
    (lexical_declaration (variable_declarator name: (identifier) @name) @definition.variable))
])

; What belongs to the definition below

(comment) @comment
(decorator) @decorator

; References

(call_expression
  function: [
    (identifier) @call
    (member_expression property: (_) @call)
  ])

(new_expression
  constructor: [
    (identifier) @call
    (member_expression property: (_) @call)
  ])

(decorator (identifier) @call)
