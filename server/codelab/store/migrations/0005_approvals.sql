-- Approvals whose clock runs only while somebody sees them, that a person may edit, and standing rules.

-- The hash of a row that is sound stays right; a value that is empty does not count in it.
UPDATE approvals SET expires_at = NULL, hash = row_hash(
    'id', CAST(id AS BLOB), 'run', CAST(run AS BLOB), 'session', CAST(session AS BLOB),
    'call', CAST(call AS BLOB), 'agent', CAST(agent AS BLOB), 'client', CAST(client AS BLOB),
    'face', CAST(face AS BLOB), 'tool', CAST(tool AS BLOB), 'digest', CAST(digest AS BLOB),
    'title', CAST(title AS BLOB), 'detail', CAST(detail AS BLOB), 'path', CAST(path AS BLOB),
    'before', CAST(before AS BLOB), 'after', CAST(after AS BLOB), 'risk', CAST(risk AS BLOB),
    'state', CAST(state AS BLOB), 'reason', CAST(reason AS BLOB), 'decided_by', CAST(decided_by AS BLOB),
    'asked_at', asked_at, 'shown_at', shown_at
) WHERE expires_at IS NOT NULL AND hash = row_hash(
    'id', CAST(id AS BLOB), 'run', CAST(run AS BLOB), 'session', CAST(session AS BLOB),
    'call', CAST(call AS BLOB), 'agent', CAST(agent AS BLOB), 'client', CAST(client AS BLOB),
    'face', CAST(face AS BLOB), 'tool', CAST(tool AS BLOB), 'digest', CAST(digest AS BLOB),
    'title', CAST(title AS BLOB), 'detail', CAST(detail AS BLOB), 'path', CAST(path AS BLOB),
    'before', CAST(before AS BLOB), 'after', CAST(after AS BLOB), 'risk', CAST(risk AS BLOB),
    'state', CAST(state AS BLOB), 'reason', CAST(reason AS BLOB), 'decided_by', CAST(decided_by AS BLOB),
    'asked_at', asked_at, 'shown_at', shown_at, 'expires_at', expires_at
);

ALTER TABLE approvals DROP COLUMN expires_at;
ALTER TABLE approvals ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN asker TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN likeness TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN editable TEXT;
ALTER TABLE approvals ADD COLUMN edited TEXT;
ALTER TABLE approvals ADD COLUMN replaces TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN risk_words TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN trust_words TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN offer TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN offer_words TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN proposal TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN decided_at REAL;

CREATE INDEX approvals_by_tool ON approvals (agent, tool);
CREATE INDEX approvals_by_likeness ON approvals (likeness);

-- Which faces have an approval in front of a person now; one that died is told by its lock, not by this.
CREATE TABLE approval_prompts (
    approval TEXT NOT NULL REFERENCES approvals (id) ON DELETE CASCADE,
    face TEXT NOT NULL,
    editing INTEGER NOT NULL,
    PRIMARY KEY (approval, face)
) STRICT, WITHOUT ROWID;

CREATE TABLE standing_rules (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    client TEXT NOT NULL,
    tool TEXT NOT NULL,
    agent TEXT NOT NULL,
    words TEXT NOT NULL,
    scope TEXT NOT NULL,
    likeness TEXT NOT NULL,
    risk TEXT NOT NULL,
    approval TEXT NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    uses INTEGER NOT NULL,
    used_at REAL,
    ended_at REAL,
    ended_why TEXT NOT NULL,
    hash TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE standing_rule_uses (
    n INTEGER PRIMARY KEY,
    rule TEXT NOT NULL REFERENCES standing_rules (id) ON DELETE CASCADE,
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    used_at REAL NOT NULL
) STRICT;

CREATE INDEX standing_rule_uses_by_call ON standing_rule_uses (call);
