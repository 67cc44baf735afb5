"""Import statements resolved to files of the workspace, one module for each family of languages.

A resolver is a function of an import statement, the file it stands in and the tree of files. It looks at
names of files and at manifests only, so that the same statement in the same folder always means the same.
"""

from codelab.index.knowledge.resolve.resolver import resolve
from codelab.index.knowledge.resolve.tree import Link, Resolved, Tree

__all__ = ["Link", "Resolved", "Tree", "resolve"]
