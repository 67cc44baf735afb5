(table) @chunk
(table_array_element) @chunk
(document (pair) @chunk)
