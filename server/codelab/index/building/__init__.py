"""The index worker: builds the index of one worktree and keeps it up to date."""
