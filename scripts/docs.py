"""Write what is generated in docs: the tests in requirements.md, all of settings.md and languages.md.

    .venv/bin/python scripts/docs.py

A test fails when one has drifted from the code.
"""

import ast
import re
import sys
from pathlib import Path

from codelab.config.catalog import SettingInfo, all_settings, section_models
from codelab_grammars import LANGUAGES
from codelab_grammars.grammar import query_text

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "docs" / "requirements.md"
SETTINGS = ROOT / "docs" / "settings.md"
LANGUAGES_PAGE = ROOT / "docs" / "languages.md"
ROW = re.compile(r"\| (?P<id>[A-Z]+-\d+) \| (?P<text>[^|]+) \| (?P<tests>[^|]*) \|")

SETTINGS_HEAD = """# Settings

Made by `scripts/docs.py` from the declarations in `server/codelab/config/settings.py`.

Your settings are in `config.toml` in the platform's configuration folder; `codelab config` prints where that
is. A workspace may bring a `.codelab/config.toml`. It is ignored until you trust the workspace, and even then
it may only do what the last column says: lower a number or extend a list.
"""

LANGUAGES_HEAD = """# Languages

Made by `scripts/docs.py` from `grammars/codelab_grammars/languages.py` and the queries beside it.

A file in one of these languages is cut into chunks by its syntax, and the index knows what it defines and,
as far as the columns say, what it imports and which names it calls or uses. Any other text (SCSS and Less
too) is cut into overlapping windows; so is whatever a grammar cannot read.

| Language | Files | Imports | Calls and types |
|---|---|---|---|
"""

MANIFESTS = """
## Dependency manifests

Read as facts, besides being text like any other: which packages a project asks for, in which versions, and
what for. Nothing is run, resolved or fetched.

requirements files, `pyproject.toml`, `setup.cfg`, `Pipfile`, `package.json`, `composer.json`, `Cargo.toml`,
`go.mod`, `pom.xml`, `build.gradle` and `build.gradle.kts`, version catalogues of Gradle, `build.sbt`,
`Gemfile` and gemspecs, project files of .NET, `Directory.Packages.props`, `packages.config`, `pubspec.yaml`,
`Package.swift`.
"""


def main() -> int:
    """Write the documents."""
    tests = requirement_tests(ROOT / "tests")
    REQUIREMENTS.write_text(
        requirements_page(REQUIREMENTS.read_text(encoding="utf-8"), tests), encoding="utf-8"
    )
    SETTINGS.write_text(settings_page(), encoding="utf-8")
    LANGUAGES_PAGE.write_text(languages_page(), encoding="utf-8")
    return 0


def requirement_tests(folder: Path) -> dict[str, list[str]]:
    """Return, for each requirement id, the test files that name it, relative to the folder above."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for identifier in requirement_ids(path.read_text(encoding="utf-8")):
            found.setdefault(identifier, set()).add(path.relative_to(folder.parent).as_posix())
    return {identifier: sorted(files) for identifier, files in found.items()}


def requirement_ids(source: str) -> list[str]:
    """Return the ids that a test file passes to ``pytest.mark.req``."""
    return [
        argument.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.req"
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def known_requirements(page: str) -> list[str]:
    """Return the ids of docs/requirements.md in their order."""
    return [match["id"] for line in page.splitlines() if (match := ROW.fullmatch(line))]


def requirements_page(page: str, tests: dict[str, list[str]]) -> str:
    """Return docs/requirements.md with its last column brought up to date."""
    lines = []
    for line in page.splitlines():
        match = ROW.fullmatch(line)
        if match:
            files = ", ".join(f"`{file}`" for file in tests.get(match["id"], [])) or "none yet"
            line = f"| {match['id']} | {match['text']} | {files} |"  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines) + "\n"


def languages_page() -> str:
    """Return docs/languages.md."""
    rows = []
    for language in LANGUAGES:
        queries = query_text(language.name)
        files = " ".join(f"`{name}`" for name in (*language.endings, *language.names))
        imports = "yes" if "@import" in queries else ""
        uses = "yes" if "@call" in queries else ""
        rows.append(f"| {language.name} | {files} | {imports} | {uses} |")
    return LANGUAGES_HEAD + "\n".join(rows) + "\n" + MANIFESTS


def settings_page() -> str:
    """Return docs/settings.md."""
    settings = all_settings()
    parts = [SETTINGS_HEAD]
    for section, model in section_models().items():
        rows = [setting_row(info) for info in settings if info.key.startswith(f"{section}.")]
        parts.append(
            f"\n## `[{section}]`\n\n{model.__doc__}\n\n"
            "| setting | takes | default | meaning | a trusted workspace may |\n|---|---|---|---|---|\n"
            + "".join(rows)
        )
    return "".join(parts)


def setting_row(info: SettingInfo) -> str:
    """Return the row of one setting."""
    written = str(info.default).lower() if isinstance(info.default, bool) else info.default  # as in TOML
    default = f"`{written}`" if written not in ("", ()) else "empty"
    return (
        f"| `{info.key}` | {info.kind} | {default} | {info.description} | {info.narrow or 'not set it'} |\n"
    )


if __name__ == "__main__":
    sys.exit(main())
