"""The files of a worktree: which are worth indexing, what they hold, and when they change."""
