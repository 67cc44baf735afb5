(document root: (element (content (element) @chunk)))
