-- How the changes of a session are approved, and what it has read that is not the person's own word.

ALTER TABLE runs RENAME COLUMN approve TO mode;
UPDATE runs SET mode = 'plan' WHERE mode = 'deny';

ALTER TABLE sessions ADD COLUMN mode TEXT NOT NULL DEFAULT 'ask';

CREATE TABLE taints (
    n INTEGER PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    label TEXT NOT NULL CHECK (label IN ('untrusted', 'private')),
    source TEXT NOT NULL,
    UNIQUE (session, label, source)
) STRICT;

-- A label is never changed, and it goes only with its session.
CREATE TRIGGER taints_stay_as_they_are BEFORE UPDATE ON taints
BEGIN
    SELECT raise(ABORT, 'a taint cannot be changed');
END;

CREATE TRIGGER taints_go_with_their_session BEFORE DELETE ON taints
WHEN EXISTS (SELECT 1 FROM sessions WHERE id = OLD.session)
BEGIN
    SELECT raise(ABORT, 'a taint cannot be taken off');
END;
