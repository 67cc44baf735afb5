; Scripts and links; other tags and attributes are left out by who reads the captures
(script_element (start_tag
  (tag_name) @import.call
  (attribute
    (attribute_name) @import.call
    (quoted_attribute_value (attribute_value) @import.module))) @import)

(element . (start_tag
  (tag_name) @import.call
  (attribute
    (attribute_name) @import.call
    (quoted_attribute_value (attribute_value) @import.module))) @import .)
