; Which elements are headings and which have an id is told by who reads the captures

(element . (start_tag . (tag_name) @tag) . [(element) (text)])
(element (start_tag (attribute (attribute_name) @attribute (quoted_attribute_value))))
