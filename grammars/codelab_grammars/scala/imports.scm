(import_declaration) @import @import.tree
