(document (object (pair) @chunk))
(document (array (object) @chunk))
