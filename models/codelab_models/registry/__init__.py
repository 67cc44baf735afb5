"""Which models there are, what each can do, and which one a role uses.

``profile`` and ``families`` say what a model can do, ``select`` chooses among candidates and explains itself.
Nothing here talks to a model.
"""
