"""Manifests that are read line by line: Go, Ruby, Dart, Swift; and those of .NET, which are XML."""

import re
from collections.abc import Iterator

from codelab.index.parsing.manifests.dependency import Dependency
from codelab.index.parsing.manifests.markup import elements

_GO = re.compile(r"^\s*(?:require\s+)?([\w.~-]+(?:/[\w.~-]+)*)\s+(v[\w.+-]+)\s*(//\s*indirect)?")
_GEM = re.compile(r"^\s*(?:gem|[\w.]+\.add_(runtime_|development_)?dependency)[\s(]+([\"'])([\w.-]+)\2(.*)")
_GROUP = re.compile(r"^\s*group\b(.*)\bdo\b")
_BLOCK = re.compile(r"\bdo\b\s*(?:\|[^|]*\|)?\s*(?:#.*)?$|^\s*(?:if|unless|case)\b")
_QUOTED = re.compile(r"([\"'])([^\"']*)\1")
_NOT_RUNTIME = re.compile(r"\b(?:development|test|doc|lint|ci)\b")
_PUB = re.compile(r"^( *)([\w-]+):\s*(.*?)\s*(?:#.*)?$")
_PUB_SECTIONS = {
    "dependencies": "runtime",
    "dev_dependencies": "development",
    "dependency_overrides": "managed",
}
_SWIFT = re.compile(r"\.package\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_SWIFT_PLACE = re.compile(r"\b(url|path|id)\s*:\s*\"([^\"]+)\"\s*,?\s*(.*)", re.DOTALL)


def go_mod(path: str, text: str) -> Iterator[Dependency]:
    """Read the requirements of a go.mod."""
    del path
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        if plain.startswith("require") and plain.endswith("("):
            inside = True
        elif plain.startswith(")"):
            inside = False
        elif (inside or plain.startswith("require ")) and (found := _GO.match(line)):
            yield Dependency(found[1], found[2], "indirect" if found[3] else "runtime", number)


def gems(path: str, text: str) -> Iterator[Dependency]:
    """Read a Gemfile or a gemspec; gems within a group for development or tests are for development."""
    del path
    blocks: list[bool] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        if found := _GEM.match(line):
            role, _, name, rest = found.groups()
            options = rest.partition("#")[0]
            grouped = "group" in options and _NOT_RUNTIME.search(options)
            constraint = re.split(r"\w+:(?!:)|:\w+\s*=>|\bif\b|\bunless\b", options)[0]
            versions = ", ".join(version for _, version in _QUOTED.findall(constraint))
            kind = "development" if role == "development_" or grouped or any(blocks) else "runtime"
            yield Dependency(name, versions, kind, number)
        elif found := _GROUP.match(line):
            blocks.append(_NOT_RUNTIME.search(found[1]) is not None)
        elif _BLOCK.search(line):
            blocks.append(False)
        elif line.strip() == "end" and blocks:
            blocks.pop()


def dotnet(path: str, text: str) -> Iterator[Dependency]:
    """Read the packages of a project file, of central package management, or of packages.config."""
    del path
    for element in elements(text):
        name, values = element.path[-1], element.attributes
        if name in ("PackageReference", "PackageVersion", "GlobalPackageReference"):
            version = (
                values.get("Version") or values.get("VersionOverride") or element.texts.get("Version", "")
            )
            kind = "managed" if name == "PackageVersion" else "runtime"
            if (values.get("PrivateAssets") or element.texts.get("PrivateAssets", "")).lower() == "all":
                kind = "development"
            yield Dependency(values.get("Include") or values.get("Update", ""), version, kind, element.line)
        elif name == "package" and element.path[0] == "packages":
            kind = "development" if values.get("developmentDependency") == "true" else "runtime"
            yield Dependency(values.get("id", ""), values.get("version", ""), kind, element.line)


def pubspec(path: str, text: str) -> Iterator[Dependency]:
    """Read a pubspec.yaml: what is directly below its lists of dependencies."""
    del path
    kind, depth = "", 0
    current: Dependency | None = None
    for number, line in enumerate(text.splitlines(), 1):
        found = _PUB.match(line)
        if not found:
            continue
        indent, key, value = len(found[1]), found[2], found[3].strip("\"'")
        if indent == 0:
            kind, depth = _PUB_SECTIONS.get(key, ""), 0
        if kind and 0 < indent <= (depth or indent):
            depth = indent
            if current:
                yield current
            current = Dependency(key, value, kind, number)
        elif kind and current and not current.constraint and indent and value:
            current = current._replace(constraint=value if key == "version" else f"{key}: {value}")
    if current:
        yield current


def package_swift(path: str, text: str) -> Iterator[Dependency]:
    """Read the packages that a Package.swift asks for, by the last part of where they come from."""
    del path
    for found in _SWIFT.finditer(text):
        place = _SWIFT_PLACE.search(found[1])
        if place is None:
            continue
        kind, where, rest = place.groups()
        name = where.rstrip("/").rpartition("/")[2].removesuffix(".git")
        constraint = f"path: {where}" if kind == "path" else " ".join(rest.split()).rstrip(",")
        yield Dependency(name, constraint, "runtime", text.count("\n", 0, found.start()) + 1)
