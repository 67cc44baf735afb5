"""Cargo.toml."""

import tomllib
from collections.abc import Iterator, Mapping

from codelab.index.parsing.manifests.dependency import Dependency, Places, table, version_of

_SECTIONS = {"dependencies": "runtime", "dev-dependencies": "development", "build-dependencies": "build"}


def cargo_toml(path: str, text: str) -> Iterator[Dependency]:
    """Read the dependencies of a crate, of its targets, and those that a workspace sets for its members."""
    del path
    content = tomllib.loads(text)
    places = Places(text)

    def read(owner: Mapping[str, object], before: str, managed: str = "") -> Iterator[Dependency]:
        for section, kind in _SECTIONS.items():
            places.section(f"{before}{section}]", f"{before}{section}.")
            for name, value in table(owner, section).items():
                wanted = value.get("optional") if isinstance(value, dict) else False
                yield Dependency(
                    name, version_of(value), managed or ("optional" if wanted else kind), places.line(name)
                )

    yield from read(content, "[")
    for target in table(content, "target").values():
        yield from read(table(target), "].")
    yield from read(table(content, "workspace"), "[workspace.", "managed")
