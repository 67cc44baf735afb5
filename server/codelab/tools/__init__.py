"""The tools that agents call, one per file, each declaring its risk.

A tool reads and computes; it changes nothing. One that wants a file changed returns a ``FileChange``, and
the executor asks policy and the person before it makes the change. One that wants a command run returns a
``Command``, and the executor does the same and runs it in the sandbox.
"""
