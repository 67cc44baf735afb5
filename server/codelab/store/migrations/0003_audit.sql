-- What was decided and done, as a chain of hashes (`codelab.store.audit_chain` says of what). `at` is in microseconds.
-- `data` is canonical JSON; it is NULL where its content was deleted on the person's request. Nothing else changes.

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    session TEXT NOT NULL,
    run TEXT NOT NULL,
    client TEXT NOT NULL,
    kind TEXT NOT NULL,
    data TEXT,
    data_hash TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_run ON audit (run);

CREATE TRIGGER audit_keeps_its_rows BEFORE DELETE ON audit BEGIN
    SELECT raise(ABORT, 'the audit log only grows');
END;

CREATE TRIGGER audit_keeps_its_values BEFORE UPDATE ON audit
WHEN new.data IS NOT NULL OR new.seq <> old.seq OR new.at <> old.at OR new.session <> old.session
    OR new.run <> old.run OR new.client <> old.client OR new.kind <> old.kind
    OR new.data_hash <> old.data_hash OR new.previous <> old.previous OR new.hash <> old.hash
BEGIN
    SELECT raise(ABORT, 'the audit log only grows');
END;
