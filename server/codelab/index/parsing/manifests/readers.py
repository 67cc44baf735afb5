"""What reads each format of dependency manifests; imported where there is one, since few files are any."""

from collections.abc import Callable, Iterable, Mapping

from codelab.index.parsing.manifests import java, javascript, others, python, rust
from codelab.index.parsing.manifests.dependency import Dependency

READERS: Mapping[str, Callable[[str, str], Iterable[Dependency]]] = {
    "requirements": python.requirements,
    "pyproject": python.pyproject,
    "setup.cfg": python.setup_cfg,
    "Pipfile": python.pipfile,
    "package.json": javascript.package_json,
    "composer.json": javascript.composer_json,
    "Cargo.toml": rust.cargo_toml,
    "go.mod": others.go_mod,
    "pom": java.pom,
    "gradle": java.gradle,
    "versions.toml": java.version_catalog,
    "sbt": java.sbt,
    "gems": others.gems,
    "dotnet": others.dotnet,
    "pubspec": others.pubspec,
    "Package.swift": others.package_swift,
}
