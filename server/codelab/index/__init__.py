"""The index of a repository: walk, parse, chunk, symbols, search, watch, report."""
