"""Decisions about tool calls, and the approvals that put them before a person."""
