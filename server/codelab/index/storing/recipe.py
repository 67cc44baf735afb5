"""What decides how a content is stored: when any of it changes, the index is made afresh."""

import hashlib
from importlib import metadata
from importlib.resources import files

from codelab_grammars.languages import LANGUAGES


def recipe() -> str:
    """Return a digest of the grammars, the queries, the tables and the code that parses and splits."""
    digest = hashlib.sha256()
    for wheel in sorted({language.wheel for language in LANGUAGES} | {"tree_sitter"}):
        try:
            digest.update(f"{wheel} {metadata.version(wheel)}\n".encode())
        except metadata.PackageNotFoundError:
            digest.update(f"{wheel} missing\n".encode())
    index = files("codelab.index")
    sources = [index / "words.py", index / "licence.py", index / "files" / "content.py"]
    for folder in (index / "parsing", index / "parsing" / "manifests", index / "storing" / "schema"):
        sources += [part for part in folder.iterdir() if part.name.endswith((".py", ".sql"))]
    for folder in files("codelab_grammars").iterdir():
        sources += (
            [one for one in folder.iterdir() if one.name.endswith(".scm")] if folder.is_dir() else [folder]
        )
    for source in sorted(sources, key=str):
        if source.is_file():
            digest.update(source.read_bytes())
    return digest.hexdigest()[:20]
