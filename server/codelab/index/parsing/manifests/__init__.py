"""Dependency manifests read as facts: which packages a project asks for, in which versions, and what for.

Nothing is run, resolved or fetched: what stands in the file is what is known. One module for each family of
formats; a manifest that cannot be read gives nothing.
"""

from codelab.index.parsing.manifests.dependency import Dependency
from codelab.index.parsing.manifests.formats import ecosystem_of, format_of, read_manifest

__all__ = ["Dependency", "ecosystem_of", "format_of", "read_manifest"]
