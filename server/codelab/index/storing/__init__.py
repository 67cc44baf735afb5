"""The file ``index.db``: its schema, what is written to it, and when it is made afresh."""
