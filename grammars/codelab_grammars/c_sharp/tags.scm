; Definitions. Namespaces are no part of a qualified name: most files have one that spans the whole file.

(class_declaration name: (identifier) @name body: (declaration_list)? @body) @definition.class
(interface_declaration name: (identifier) @name body: (declaration_list)? @body) @definition.interface
(struct_declaration name: (identifier) @name body: (declaration_list)? @body) @definition.struct
(record_declaration name: (identifier) @name body: (declaration_list)? @body) @definition.record
(enum_declaration name: (identifier) @name body: (enum_member_declaration_list) @body) @definition.enum
(delegate_declaration name: (identifier) @name) @definition.type

(method_declaration name: (identifier) @name body: (_)? @body) @definition.method
(constructor_declaration name: (identifier) @name body: (_)? @body) @definition.method
(destructor_declaration name: (identifier) @name body: (_)? @body) @definition.method
(operator_declaration operator: _ @name body: (_)? @body) @definition.method
(conversion_operator_declaration "operator" @name body: (_)? @body) @definition.method
(local_function_statement name: (identifier) @name body: (_)? @body) @definition.function

(property_declaration name: (identifier) @name accessors: (accessor_list)? @body) @definition.field
(indexer_declaration "this" @name accessors: (accessor_list)? @body) @definition.method
(event_declaration name: (identifier) @name accessors: (accessor_list)? @body) @definition.field
(field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @definition.field
(event_field_declaration
  (variable_declaration (variable_declarator name: (identifier) @name))) @definition.field
(enum_member_declaration name: (identifier) @name) @definition.member

; What belongs to the definition below

(comment) @comment

; References

(invocation_expression function: [
  (identifier) @call
  (generic_name (identifier) @call)
  (member_access_expression name: [(identifier) @call (generic_name (identifier) @call)])
  (conditional_access_expression
    (member_binding_expression name: [(identifier) @call (generic_name (identifier) @call)]))
])

(object_creation_expression type: [
  (identifier) @call
  (generic_name (identifier) @call)
  (qualified_name name: [(identifier) @call (generic_name (identifier) @call)])
])

(attribute name: [(identifier) @call (qualified_name name: (identifier) @call)])

(base_list [
  (identifier) @base
  (generic_name (identifier) @base)
  (qualified_name name: [(identifier) @base (generic_name (identifier) @base)])
  (primary_constructor_base_type type: [
    (identifier) @base
    (generic_name (identifier) @base)
    (qualified_name name: (identifier) @base)
  ])
])

(generic_name (identifier) @type)
(type_argument_list [(identifier) @type (qualified_name name: (identifier) @type)])
(nullable_type type: (identifier) @type)
(array_type type: (identifier) @type)
(type_parameter_constraint type: (identifier) @type)
(parameter type: [(identifier) @type (qualified_name name: (identifier) @type)])
(variable_declaration type: [(identifier) @type (qualified_name name: (identifier) @type)])
(property_declaration type: [(identifier) @type (qualified_name name: (identifier) @type)])
(method_declaration returns: [(identifier) @type (qualified_name name: (identifier) @type)])
(cast_expression type: [(identifier) @type (qualified_name name: (identifier) @type)])
(typeof_expression type: [(identifier) @type (qualified_name name: (identifier) @type)])
(catch_declaration type: [(identifier) @type (qualified_name name: (identifier) @type)])
