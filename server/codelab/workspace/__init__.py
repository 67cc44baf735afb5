"""Files of a workspace: its root, confined paths, text and bytes, edits, living faces."""
