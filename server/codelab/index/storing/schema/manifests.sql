-- What dependency manifests ask for: packages, the versions of them, and what for.
CREATE TABLE dependency (
    blob INTEGER NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, kind TEXT NOT NULL, line INTEGER NOT NULL
);
CREATE INDEX dependency_of_blob ON dependency (blob);
