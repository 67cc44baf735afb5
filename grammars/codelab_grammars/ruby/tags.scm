; Definitions

(class
  name: [(constant) (scope_resolution)] @name
  body: (body_statement)? @body) @definition.class

(module
  name: [(constant) (scope_resolution)] @name
  body: (body_statement)? @body) @definition.module

(method name: (_) @name body: (_)? @body) @definition.method
(singleton_method name: (_) @name body: (_)? @body) @definition.method
(program (method name: (_) @name) @definition.function)

(assignment left: (constant) @name) @definition.constant
(alias name: (identifier) @name) @definition.method

; What belongs to the definition below

(comment) @comment

; References

(call method: [(identifier) (constant)] @call)
(superclass [(constant) @base (scope_resolution name: (constant) @base)])
(constant) @type
