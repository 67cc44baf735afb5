"""The language server: an adapter between the Language Server Protocol and the workbench, nothing more."""
