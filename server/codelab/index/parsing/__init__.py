"""From the bytes of a file to what the index keeps of it: chunks, definitions, uses of names, imports."""
