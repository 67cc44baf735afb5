; Which elements of the first level have a name is told by who reads the captures

(document root: (element (content (element (STag . (Name) @tag)))))
(document root: (element (content (element [
  (STag (Attribute (Name) @attribute (AttValue)))
  (EmptyElemTag (Attribute (Name) @attribute (AttValue)))
]))))

(Comment) @comment
