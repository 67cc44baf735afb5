-- Workspaces that the person trusts; `root` is the resolved path in the file system's own encoding.

CREATE TABLE trusted_workspaces (
    root BLOB PRIMARY KEY,
    trusted_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
