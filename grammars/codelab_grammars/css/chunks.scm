(media_statement) @container
(supports_statement) @container
(at_rule (block)) @container
(keyframes_statement) @chunk
(rule_set) @chunk
