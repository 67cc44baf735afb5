"""Databases and their migrations: the workspace's state, the person's own, the overlay of unsaved buffers."""
