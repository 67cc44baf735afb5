"""Manifests of the Java world: Maven, Gradle and its version catalogues, sbt."""

import re
import tomllib
from collections.abc import Iterator

from codelab.index.parsing.manifests.dependency import Dependency, Places, table
from codelab.index.parsing.manifests.markup import elements

_PROPERTY = re.compile(r"\$\{([\w.-]+)\}")
_SCOPES = {"test": "test", "provided": "build", "import": "managed"}

# implementation("group:name:version"), testImplementation platform('group:name:version')
_GRADLE = re.compile(
    r"\b([a-zA-Z]*(?:mplementation|api|Api|ompileOnly|untimeOnly|ompile|untime|rocessor|kapt|Kapt|ksp|lasspath))"
    r"\s*\(?\s*(?:\w+\s*\(\s*)?[\"']([\w.$-]+:[\w.${}-]+)(?::([^\"'@]+))?(?:@\w+)?[\"']"
)
_GRADLE_MAP = re.compile(
    r"\b([a-zA-Z]+)\s*\(?\s*group\s*[:=]\s*[\"']([^\"']+)[\"']\s*,\s*name\s*[:=]\s*[\"']([^\"']+)[\"']"
    r"(?:\s*,\s*version\s*[:=]\s*[\"']([^\"']+)[\"'])?"
)
_GRADLE_PLUGIN = re.compile(
    r"\bid\s*\(?\s*[\"']([\w.-]+)[\"']\s*\)?\s*\.?version\s*\(?\s*[\"']([^\"']+)[\"']"
)
_SBT = re.compile(
    r"\"([\w.-]+)\"\s*%%?%?\s*\"([\w.-]+)\"\s*%\s*(?:\"([^\"]+)\"|([\w.]+))(?:\s*%\s*\"?(\w+)\"?)?"
)
_SBT_VALUE = re.compile(r"\bval\s+(\w+)\s*=\s*\"([^\"]+)\"")
_LINE_COMMENT = re.compile(r"^\s*(?://|\*|/\*)")


def pom(path: str, text: str) -> Iterator[Dependency]:
    """Read a pom.xml; properties of the same file are filled in."""
    del path
    found = list(elements(text))
    properties: dict[str, str] = {}
    for element in found:
        if element.path == ("project",):
            properties |= {"project.version": element.texts.get("version", "")}
        elif element.path == ("project", "properties"):
            properties |= element.texts

    def filled(value: str) -> str:
        return _PROPERTY.sub(lambda match: properties.get(match[1]) or match[0], value)

    for element in found:
        name = element.path[-1]
        if name not in ("dependency", "plugin", "parent"):
            continue
        kind = "build" if name != "dependency" else _SCOPES.get(element.texts.get("scope", ""), "runtime")
        if "dependencyManagement" in element.path or "pluginManagement" in element.path:
            kind = "managed"
        elif kind == "runtime" and element.texts.get("optional") == "true":
            kind = "optional"
        group = filled(element.texts.get("groupId", ""))
        artifact = filled(element.texts.get("artifactId", ""))
        if artifact:
            coordinates = f"{group}:{artifact}" if group else artifact
            yield Dependency(coordinates, filled(element.texts.get("version", "")), kind, element.line)


def gradle(path: str, text: str) -> Iterator[Dependency]:
    """Read what a build.gradle or build.gradle.kts names by coordinates, one line at a time."""
    del path
    for number, line in enumerate(text.splitlines(), 1):
        if _LINE_COMMENT.match(line):
            continue
        for configuration, name, version in _GRADLE.findall(line):
            yield Dependency(name, version, _gradle_kind(configuration), number)
        for configuration, group, name, version in _GRADLE_MAP.findall(line):
            yield Dependency(f"{group}:{name}", version, _gradle_kind(configuration), number)
        for name, version in _GRADLE_PLUGIN.findall(line):
            yield Dependency(name, version, "build", number)


def _gradle_kind(configuration: str) -> str:
    if "test" in configuration.lower():
        return "test"
    if configuration.startswith(("kapt", "ksp", "classpath")) or "rocessor" in configuration:
        return "build"
    return "build" if configuration.endswith("ompileOnly") else "runtime"


def version_catalog(path: str, text: str) -> Iterator[Dependency]:
    """Read a version catalogue of Gradle (gradle/libs.versions.toml)."""
    del path
    content = tomllib.loads(text)
    versions = table(content, "versions")
    places = Places(text)
    for section, kind in (("libraries", "managed"), ("plugins", "build")):
        places.section(f"[{section}]")
        for alias, entry in table(content, section).items():
            line = places.line(alias)
            if isinstance(entry, str):
                group, _, rest = entry.rpartition(":")
                yield Dependency(group, rest, kind, line)
                continue
            values = table(entry)
            name = values.get("module") or values.get("id") or f"{values.get('group')}:{values.get('name')}"
            version = values.get("version", "")
            if isinstance(version, dict):
                version = versions.get(str(version.get("ref")), "") if "ref" in version else version
            yield Dependency(str(name), version if isinstance(version, str) else "", kind, line)


def sbt(path: str, text: str) -> Iterator[Dependency]:
    """Read a build.sbt, one line at a time; versions that are values of the same file are filled in."""
    del path
    values = dict(_SBT_VALUE.findall(text))
    for number, line in enumerate(text.splitlines(), 1):
        if _LINE_COMMENT.match(line):
            continue
        for group, name, version, value, scope in _SBT.findall(line):
            kind = (
                "test"
                if scope.lower() in ("test", "it")
                else "build"
                if "addSbtPlugin" in line
                else "runtime"
            )
            yield Dependency(f"{group}:{name}", version or values.get(value, value), kind, number)
