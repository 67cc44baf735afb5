"""What the index knows of the code as a whole: definitions and uses, imports, the map, the report."""
