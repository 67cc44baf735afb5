"""Write the generated parts of the documents: docs/requirements.md (tests) and docs/settings.md (all).

    .venv/bin/python scripts/docs.py

A test fails when either has drifted from the code.
"""

import ast
import re
import sys
from pathlib import Path

from codelab.config.catalog import SettingInfo, all_settings, section_models

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "docs" / "requirements.md"
SETTINGS = ROOT / "docs" / "settings.md"
ROW = re.compile(r"\| (?P<id>[A-Z]+-\d+) \| (?P<text>[^|]+) \| (?P<tests>[^|]*) \|")

SETTINGS_HEAD = """# Settings

Made by `scripts/docs.py` from the declarations in `server/codelab/config/settings.py`.

Your settings are in `config.toml` in the platform's configuration folder; `codelab config` prints where that
is. A workspace may bring a `.codelab/config.toml`. It is ignored until you trust the workspace, and even then
it may only do what the last column says: lower a number or extend a list.
"""


def main() -> int:
    """Write both documents."""
    tests = requirement_tests(ROOT / "tests")
    REQUIREMENTS.write_text(
        requirements_page(REQUIREMENTS.read_text(encoding="utf-8"), tests), encoding="utf-8"
    )
    SETTINGS.write_text(settings_page(), encoding="utf-8")
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
    default = f"`{info.default}`" if info.default not in ("", ()) else "empty"
    return (
        f"| `{info.key}` | {info.kind} | {default} | {info.description} | {info.narrow or 'not set it'} |\n"
    )


if __name__ == "__main__":
    sys.exit(main())
