; Definitions

(function_definition name: (word) @name body: (_) @body) @definition.function

(program (variable_assignment name: (variable_name) @name) @definition.variable)
(program (declaration_command
  (variable_assignment name: (variable_name) @name)) @definition.variable)

; What belongs to the definition below

(comment) @comment

; References

(command name: (command_name (word) @call))
