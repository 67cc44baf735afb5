; Definitions: rules by their selectors, and what other rules refer to by name

(stylesheet (rule_set (selectors) @name (block) @body) @definition.rule)
(keyframes_statement (keyframes_name) @name (keyframe_block_list) @body) @definition.rule

; What belongs to the definition below

(comment) @comment
