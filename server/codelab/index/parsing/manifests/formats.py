"""Which files are dependency manifests, and what reads each."""

import re
from typing import NamedTuple

from codelab.index.parsing.manifests.dependency import Dependency

MAX_BYTES = 2_000_000
"""A larger file is data that happens to have a manifest's name."""
MAX_DEPENDENCIES = 5_000


class _Format(NamedTuple):
    names: re.Pattern[str]
    name: str
    ecosystem: str


def _format(names: str, name: str, ecosystem: str) -> _Format:
    return _Format(re.compile(names), name, ecosystem)


_FORMATS = (
    _format(r"(?:[\w.-]*[-_.])?requirements(?:[-_.][\w.-]*)?\.(?:txt|in)", "requirements", "pypi"),
    _format(r"pyproject\.toml", "pyproject", "pypi"),
    _format(r"setup\.cfg", "setup.cfg", "pypi"),
    _format(r"Pipfile", "Pipfile", "pypi"),
    _format(r"package\.json", "package.json", "npm"),
    _format(r"composer\.json", "composer.json", "packagist"),
    _format(r"Cargo\.toml", "Cargo.toml", "crates"),
    _format(r"go\.mod", "go.mod", "go"),
    _format(r"pom\.xml", "pom", "maven"),
    _format(r"[\w.-]*\.gradle(?:\.kts)?", "gradle", "maven"),
    _format(r"[\w-]+\.versions\.toml", "versions.toml", "maven"),
    _format(r"[\w.-]*\.sbt", "sbt", "maven"),
    _format(r"Gemfile|gems\.rb|[\w.-]+\.gemspec", "gems", "rubygems"),
    _format(r"[\w.-]+\.(?:cs|fs|vb)proj|Directory\.(?:Packages|Build)\.props|packages\.config", "dotnet",
            "nuget"),
    _format(r"pubspec\.yaml", "pubspec", "pub"),
    _format(r"Package\.swift", "Package.swift", "swift"),
)  # fmt: skip
_ANY = re.compile("|".join(f"(?:{one.names.pattern})" for one in _FORMATS))


def _find(path: str) -> _Format | None:
    folder, _, name = path.replace("\\", "/").rpartition("/")
    if folder.rpartition("/")[2] == "requirements" and name.endswith((".txt", ".in")):
        return _FORMATS[0]
    if not _ANY.fullmatch(name):
        return None
    return next(one for one in _FORMATS if one.names.fullmatch(name))


def format_of(path: str) -> str:
    """Return the format of the manifest at a path, or an empty string if there is none by that name."""
    found = _find(path)
    return found.name if found else ""


def ecosystem_of(path: str) -> str:
    """Return whose packages a manifest names (``pypi``, ``npm``, ``maven`` ...), or an empty string."""
    found = _find(path)
    return found.ecosystem if found else ""


def read_manifest(path: str, data: bytes) -> tuple[Dependency, ...]:
    """Read a dependency manifest.

    Args:
        path: Its name tells the format.
        data: Its text in UTF-8.

    Returns:
        What it asks for, in the order of the file; empty for a file that is no manifest or cannot be read.
    """
    found = _find(path)
    if found is None or len(data) > MAX_BYTES:
        return ()
    from codelab.index.parsing.manifests.readers import READERS

    try:
        read = sorted(set(READERS[found.name](path, data.decode("utf-8", "replace"))), key=_by_line)
    except (ValueError, TypeError, RecursionError):  # not well-formed, in one or another way
        return ()
    return tuple(one for one in read if one.name)[:MAX_DEPENDENCIES]


def _by_line(one: Dependency) -> tuple[int, str, str, str]:
    return one.line, one.name, one.kind, one.constraint
