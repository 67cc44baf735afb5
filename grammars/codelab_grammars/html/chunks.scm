(script_element) @chunk
(style_element) @chunk
