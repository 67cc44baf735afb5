; Definitions. An enumeration is a class with the body of one.

(class_declaration "class" name: (identifier) @name (class_body)? @body) @definition.class
(class_declaration "interface" name: (identifier) @name (class_body)? @body) @definition.interface
(class_declaration name: (identifier) @name (enum_class_body) @body) @definition.enum
(object_declaration name: (identifier) @name (class_body)? @body) @definition.object

; What a companion object holds is called by the name of the class around it
(companion_object name: (identifier) @name (class_body)? @body) @definition.object

(function_declaration name: (identifier) @name (function_body)? @body) @definition.function
(function_declaration
  [(user_type (identifier) @receiver) (nullable_type (user_type (identifier) @receiver))]
  "."
  name: (identifier))
(secondary_constructor "constructor" @name (block)? @body) @definition.method

(enum_entry . (modifiers)? . (identifier) @name) @definition.member
(class_parameter ["val" "var"] (identifier) @name) @definition.field

(class_body (property_declaration
  (variable_declaration . (identifier) @name)) @definition.field)
(enum_class_body (property_declaration
  (variable_declaration . (identifier) @name)) @definition.field)
(source_file (property_declaration
  (variable_declaration . (identifier) @name)) @definition.variable)
(type_alias type: (identifier) @name) @definition.type

; What belongs to the definition below

(line_comment) @comment
(block_comment) @comment

; References

(call_expression . [
  (identifier) @call
  (navigation_expression (identifier) @call .)
])

; Syncer.create<Note>(context) as the grammar reads it
(binary_expression
  left: (binary_expression left: (navigation_expression (identifier) @call .))
  right: (parenthesized_expression))

(annotation [
  (user_type (identifier) @call .)
  (constructor_invocation (user_type (identifier) @call .))
])

(delegation_specifier [
  (user_type (identifier) @base)
  (constructor_invocation (user_type (identifier) @base))
  (explicit_delegation . (user_type (identifier) @base))
])

(user_type (identifier) @type)
