"""Manifests of Python: requirements files, pyproject.toml, setup.cfg, Pipfile."""

import configparser
import re
import tomllib
from collections.abc import Iterator

from codelab.index.parsing.manifests.dependency import Dependency, Places, strings, table, version_of

# https://packaging.python.org/en/latest/specifications/dependency-specifiers/
_REQUIREMENT = re.compile(r"([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)", re.DOTALL)
_COMMENT = re.compile(r"(?:^|\s)#.*")
_DEVELOPMENT = re.compile(r"dev|test|doc|lint|ci|typing", re.IGNORECASE)


def requirement(text: str) -> tuple[str, str]:
    """Return name and constraint of a dependency specifier; marker and extras are left out."""
    found = _REQUIREMENT.match(text.strip())
    if not found:
        return "", ""
    constraint = re.split(r";|\s--", found[2])[0].strip().strip("()")
    return found[1], " ".join(constraint.split())


def requirements(path: str, text: str) -> Iterator[Dependency]:
    """Read a requirements file; its name tells what it is for."""
    kind = "development" if _DEVELOPMENT.search(path.replace("\\", "/").rpartition("/")[2]) else "runtime"
    goes_on = False
    for number, line in enumerate(text.splitlines(), 1):
        plain = _COMMENT.sub("", line).strip()
        if plain and not goes_on and not plain.startswith(("-", ".", "/")):
            name, constraint = requirement(plain.removesuffix("\\"))
            if "://" in plain and not constraint.startswith("@"):
                continue  # a bare address: which package it is, is not said
            yield Dependency(name, constraint, kind, number)
        goes_on = plain.endswith("\\")


def pyproject(path: str, text: str) -> Iterator[Dependency]:
    """Read what pyproject.toml says for the standard, for dependency groups, and for Poetry, uv and PDM."""
    del path
    content = tomllib.loads(text)
    places = Places(text)

    def specifiers(kind: str, value: object) -> Iterator[Dependency]:
        for one in strings(value):
            name, constraint = requirement(one)
            yield Dependency(name, constraint, kind, places.line(one))

    def named(kind: str, value: object) -> Iterator[Dependency]:
        for name, one in table(value).items():
            if name != "python":
                yield Dependency(name, version_of(one), kind, places.line(name))

    yield from specifiers("build", table(content, "build-system").get("requires"))
    project = table(content, "project")
    places.section("[project]")
    yield from specifiers("runtime", project.get("dependencies"))
    for group in table(project, "optional-dependencies").values():
        yield from specifiers("optional", group)
    for group in table(content, "dependency-groups").values():
        yield from specifiers("development", group)
    yield from specifiers("development", table(content, "tool", "uv").get("dev-dependencies"))
    for group in table(content, "tool", "pdm", "dev-dependencies").values():
        yield from specifiers("development", group)
    poetry = table(content, "tool", "poetry")
    places.section("[tool.poetry.dependencies]")
    yield from named("runtime", poetry.get("dependencies"))
    yield from named("development", poetry.get("dev-dependencies"))
    for name, group in table(poetry, "group").items():
        places.section(f"[tool.poetry.group.{name}")
        yield from named("development", table(group, "dependencies"))


def setup_cfg(path: str, text: str) -> Iterator[Dependency]:
    """Read the options of setuptools in setup.cfg."""
    del path
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    places = Places(text)
    kinds = {"install_requires": "runtime", "setup_requires": "build", "tests_require": "test"}
    found = [(kind, parser.get("options", key, fallback="")) for key, kind in kinds.items()]
    if parser.has_section("options.extras_require"):
        found += [("optional", value) for _, value in parser.items("options.extras_require")]
    for kind, value in found:
        for line in re.split(r"[\n]|(?<!\w);\s*$", value):
            name, constraint = requirement(line)
            if name:
                yield Dependency(name, constraint, kind, places.line(line.strip()))


def pipfile(path: str, text: str) -> Iterator[Dependency]:
    """Read a Pipfile."""
    del path
    content = tomllib.loads(text)
    places = Places(text)
    for section, kind in (("packages", "runtime"), ("dev-packages", "development")):
        places.section(f"[{section}]")
        for name, value in table(content, section).items():
            yield Dependency(name, version_of(value), kind, places.line(name))
