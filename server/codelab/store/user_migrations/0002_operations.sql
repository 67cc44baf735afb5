-- What was done by kind and minute (Unix time / 60), for the limits by the hour of all faces together.

CREATE TABLE operations (
    kind TEXT NOT NULL,
    minute INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (kind, minute)
) STRICT, WITHOUT ROWID;
