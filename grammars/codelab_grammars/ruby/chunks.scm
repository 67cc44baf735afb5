(class) @container
(module) @container
(singleton_class) @container

; Blocks of what is made of them: descriptions of tests, tasks, routes
(call block: (do_block)) @container

(method) @chunk
(singleton_method) @chunk
