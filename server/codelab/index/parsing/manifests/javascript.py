"""Manifests in JSON: package.json of npm, composer.json of PHP."""

import json
from collections.abc import Iterator, Mapping

from codelab.index.parsing.manifests.dependency import Dependency, Places, table, version_of

_NPM = {
    "dependencies": "runtime",
    "devDependencies": "development",
    "peerDependencies": "peer",
    "optionalDependencies": "optional",
}
_COMPOSER = {"require": "runtime", "require-dev": "development"}


def package_json(path: str, text: str) -> Iterator[Dependency]:
    """Read package.json."""
    del path
    return _read(text, _NPM)


def composer_json(path: str, text: str) -> Iterator[Dependency]:
    """Read composer.json; what it asks of PHP itself is no package."""
    del path
    return (one for one in _read(text, _COMPOSER) if "/" in one.name)


def _read(text: str, sections: Mapping[str, str]) -> Iterator[Dependency]:
    content = json.loads(text)
    places = Places(text)
    for section, kind in sections.items():
        places.section(f'"{section}"')
        for name, value in table(content, section).items():
            yield Dependency(name, version_of(value), kind, places.line(f'"{name}"'))
