-- Sessions, runs and all that is kept of them. Times are Unix seconds. `n` keeps the order of writing.

CREATE TABLE sessions (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    client TEXT NOT NULL,
    created_at REAL NOT NULL
) STRICT;

CREATE TABLE runs (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    agent TEXT NOT NULL,
    reason TEXT NOT NULL,
    task TEXT NOT NULL,
    state TEXT NOT NULL,
    face TEXT NOT NULL,
    approve TEXT NOT NULL,
    model TEXT NOT NULL,
    answer TEXT NOT NULL,
    error TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    cost_usd REAL NOT NULL,
    focus TEXT NOT NULL,
    wait INTEGER NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL
) STRICT;

CREATE INDEX runs_by_session ON runs (session);
CREATE INDEX runs_by_state ON runs (state);

CREATE TABLE events (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
    n INTEGER PRIMARY KEY,
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    calls TEXT NOT NULL,
    call_id TEXT NOT NULL
) STRICT;

CREATE INDEX messages_by_run ON messages (run);

CREATE TABLE calls (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    arguments TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'executing', 'done', 'failed', 'denied')),
    result TEXT NOT NULL,
    approval TEXT NOT NULL,
    checkpoint TEXT NOT NULL,
    prepared TEXT NOT NULL
) STRICT;

CREATE INDEX calls_by_run ON calls (run);

CREATE TABLE sources (
    n INTEGER PRIMARY KEY,
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    start_line INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    blob TEXT NOT NULL,
    UNIQUE (run, path, start_line, end_line, blob)
) STRICT;

CREATE TABLE approvals (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    session TEXT NOT NULL,
    call TEXT NOT NULL,
    agent TEXT NOT NULL,
    client TEXT NOT NULL,
    face TEXT NOT NULL,
    tool TEXT NOT NULL,
    digest TEXT NOT NULL,
    title TEXT NOT NULL,
    detail TEXT NOT NULL,
    path TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    risk TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('pending', 'approved', 'rejected', 'expired', 'invalidated', 'consumed')),
    reason TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    asked_at REAL NOT NULL,
    shown_at REAL,
    expires_at REAL
) STRICT;

CREATE INDEX approvals_by_state ON approvals (state);
CREATE INDEX approvals_by_run ON approvals (run);

CREATE TABLE blobs (
    hash TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    content BLOB NOT NULL
) STRICT;

CREATE TABLE checkpoints (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    call TEXT NOT NULL,
    path TEXT NOT NULL,
    before_blob TEXT REFERENCES blobs (hash),
    after_blob TEXT REFERENCES blobs (hash),
    mode INTEGER,
    state TEXT NOT NULL CHECK (state IN ('prepared', 'applied', 'undone')),
    created_at REAL NOT NULL
) STRICT;

CREATE INDEX checkpoints_by_run ON checkpoints (run);
CREATE INDEX checkpoints_by_state ON checkpoints (state);
