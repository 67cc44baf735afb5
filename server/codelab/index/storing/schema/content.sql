-- Contents by hash with their chunks and definitions, and for each worktree the map from paths to them.
CREATE TABLE made_by (recipe TEXT NOT NULL);
CREATE TABLE worktree (id INTEGER PRIMARY KEY, root TEXT NOT NULL UNIQUE, swept_at REAL NOT NULL DEFAULT 0);
CREATE TABLE path (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
CREATE TABLE blob (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, language TEXT NOT NULL, lines INTEGER NOT NULL,
    errors INTEGER NOT NULL, first_chunk INTEGER NOT NULL, chunks INTEGER NOT NULL, symbols INTEGER NOT NULL,
    unused_since REAL, imports TEXT NOT NULL, uses BLOB NOT NULL, top_names TEXT NOT NULL
);
CREATE TABLE file (
    worktree INTEGER NOT NULL, path INTEGER NOT NULL, blob INTEGER, reason TEXT NOT NULL DEFAULT '',
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    PRIMARY KEY (worktree, path)
) WITHOUT ROWID;
CREATE INDEX file_of_blob ON file (blob, worktree);
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY, blob INTEGER NOT NULL, start_line INTEGER NOT NULL, end_line INTEGER NOT NULL,
    length INTEGER NOT NULL, symbol TEXT NOT NULL, kind TEXT NOT NULL, names TEXT NOT NULL
);
CREATE TABLE definition (
    id INTEGER PRIMARY KEY, blob INTEGER NOT NULL, name TEXT NOT NULL, qualified TEXT NOT NULL,
    kind TEXT NOT NULL, signature TEXT NOT NULL, start_line INTEGER NOT NULL, end_line INTEGER NOT NULL
);
CREATE INDEX definition_of_name ON definition (name COLLATE NOCASE);
CREATE INDEX definition_of_blob ON definition (blob);
CREATE VIRTUAL TABLE chunk_words USING fts5 (
    name, body, content='', contentless_delete=1, tokenize='ascii'
);
CREATE VIRTUAL TABLE chunk_vocabulary USING fts5vocab (chunk_words, row);
CREATE VIRTUAL TABLE path_words USING fts5 (words, content='', contentless_delete=1, tokenize='ascii');
CREATE VIRTUAL TABLE path_vocabulary USING fts5vocab (path_words, row);
CREATE TABLE total (chunks INTEGER NOT NULL, words INTEGER NOT NULL);
INSERT INTO total VALUES (0, 0);
INSERT INTO chunk_words (chunk_words, rank) VALUES ('hashsize', 16777216);
-- Merged by the worker when nothing waits for it (``writer.merge_words``), not while files are brought in.
INSERT INTO chunk_words (chunk_words, rank) VALUES ('automerge', 0);
