"""Agents at work: templates, runs, the reasoning loop, the executor, and what a run leaves behind."""
