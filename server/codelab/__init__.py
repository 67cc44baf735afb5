"""CodeLab: code search, cited answers and reviewed edits for any editor."""

__version__ = "0.1.0"
