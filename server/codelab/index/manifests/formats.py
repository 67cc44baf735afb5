"""Which files are dependency manifests, and what reads each."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from codelab.index.manifests import java, javascript, others, python, rust
from codelab.index.manifests.dependency import Dependency

MAX_BYTES = 2_000_000
"""A larger file is data that happens to have a manifest's name."""
MAX_DEPENDENCIES = 5_000

_Read = Callable[[str, str], Iterable[Dependency]]


class _Format(NamedTuple):
    names: re.Pattern[str]
    name: str
    ecosystem: str
    read: _Read


def _format(names: str, name: str, ecosystem: str, read: _Read) -> _Format:
    return _Format(re.compile(names), name, ecosystem, read)


_FORMATS = (
    _format(r"(?:[\w.-]*[-_.])?requirements(?:[-_.][\w.-]*)?\.(?:txt|in)", "requirements", "pypi",
            python.requirements),
    _format(r"pyproject\.toml", "pyproject", "pypi", python.pyproject),
    _format(r"setup\.cfg", "setup.cfg", "pypi", python.setup_cfg),
    _format(r"Pipfile", "Pipfile", "pypi", python.pipfile),
    _format(r"package\.json", "package.json", "npm", javascript.package_json),
    _format(r"composer\.json", "composer.json", "packagist", javascript.composer_json),
    _format(r"Cargo\.toml", "Cargo.toml", "crates", rust.cargo_toml),
    _format(r"go\.mod", "go.mod", "go", others.go_mod),
    _format(r"pom\.xml", "pom", "maven", java.pom),
    _format(r"[\w.-]*\.gradle(?:\.kts)?", "gradle", "maven", java.gradle),
    _format(r"[\w-]+\.versions\.toml", "versions.toml", "maven", java.version_catalog),
    _format(r"[\w.-]*\.sbt", "sbt", "maven", java.sbt),
    _format(r"Gemfile|gems\.rb|[\w.-]+\.gemspec", "gems", "rubygems", others.gems),
    _format(r"[\w.-]+\.(?:cs|fs|vb)proj|Directory\.(?:Packages|Build)\.props|packages\.config", "dotnet",
            "nuget", others.dotnet),
    _format(r"pubspec\.yaml", "pubspec", "pub", others.pubspec),
    _format(r"Package\.swift", "Package.swift", "swift", others.package_swift),
)  # fmt: skip


def _find(path: str) -> _Format | None:
    folder, _, name = path.replace("\\", "/").rpartition("/")
    if folder.rpartition("/")[2] == "requirements" and name.endswith((".txt", ".in")):
        return _FORMATS[0]
    return next((one for one in _FORMATS if one.names.fullmatch(name)), None)


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
    try:
        read = sorted(set(found.read(path, data.decode("utf-8", "replace"))), key=_by_line)
    except (ValueError, TypeError, RecursionError):  # not well-formed, in one or another way
        return ()
    return tuple(one for one in read if one.name)[:MAX_DEPENDENCIES]


def _by_line(one: Dependency) -> tuple[int, str, str, str]:
    return one.line, one.name, one.kind, one.constraint
