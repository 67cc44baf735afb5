-- Rows that matter carry the hash of their values (`codelab.store.row_hashes`): a flipped bit passes SQLite's own
-- check. Text is passed to the function as a blob, since a text ends there at its first NUL.

ALTER TABLE messages ADD COLUMN hash TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN hash TEXT NOT NULL DEFAULT '';
ALTER TABLE checkpoints ADD COLUMN hash TEXT NOT NULL DEFAULT '';

UPDATE messages SET hash = row_hash(
    'run', CAST(run AS BLOB), 'role', CAST(role AS BLOB), 'content', CAST(content AS BLOB),
    'calls', CAST(calls AS BLOB), 'call_id', CAST(call_id AS BLOB)
);

UPDATE approvals SET hash = row_hash(
    'id', CAST(id AS BLOB), 'run', CAST(run AS BLOB), 'session', CAST(session AS BLOB),
    'call', CAST(call AS BLOB), 'agent', CAST(agent AS BLOB), 'client', CAST(client AS BLOB),
    'face', CAST(face AS BLOB), 'tool', CAST(tool AS BLOB), 'digest', CAST(digest AS BLOB),
    'title', CAST(title AS BLOB), 'detail', CAST(detail AS BLOB), 'path', CAST(path AS BLOB),
    'before', CAST(before AS BLOB), 'after', CAST(after AS BLOB), 'risk', CAST(risk AS BLOB),
    'state', CAST(state AS BLOB), 'reason', CAST(reason AS BLOB), 'decided_by', CAST(decided_by AS BLOB),
    'asked_at', asked_at, 'shown_at', shown_at, 'expires_at', expires_at
);

UPDATE checkpoints SET hash = row_hash(
    'id', CAST(id AS BLOB), 'run', CAST(run AS BLOB), 'call', CAST(call AS BLOB), 'path', CAST(path AS BLOB),
    'before_blob', CAST(before_blob AS BLOB), 'after_blob', CAST(after_blob AS BLOB), 'mode', mode,
    'state', CAST(state AS BLOB), 'created_at', created_at
);
