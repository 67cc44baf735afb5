-- Vectors of chunks. The number of a vector is its embedder's times 2^40, plus its chunk's.
-- AUTOINCREMENT here too: a reader knows by the number which vectors it has in memory.
CREATE TABLE embedder (
    id INTEGER PRIMARY KEY AUTOINCREMENT, recipe TEXT NOT NULL UNIQUE, dimensions INTEGER NOT NULL, source TEXT NOT NULL
);
CREATE TABLE vector (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
-- AUTOINCREMENT: a reader that knows the last number it saw finds what came since.
CREATE TABLE vector_bits (
    id INTEGER PRIMARY KEY AUTOINCREMENT, embedder INTEGER NOT NULL, blob INTEGER NOT NULL,
    first_chunk INTEGER NOT NULL, bits BLOB NOT NULL
);
CREATE UNIQUE INDEX vector_bits_of_embedder ON vector_bits (embedder, blob);
CREATE TABLE served_by (worktree INTEGER PRIMARY KEY, embedder INTEGER NOT NULL);
CREATE TABLE wanted_by (worktree INTEGER PRIMARY KEY, embedder INTEGER NOT NULL);
