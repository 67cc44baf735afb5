"""The packages of the project as files: where they are, what they import, and copies to spoil."""

import ast
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "codelab": "server",
    "codelab_models": "models",
    "codelab_mcp": "mcp_tools",
    "codelab_grammars": "grammars",
}


@dataclass(frozen=True, slots=True)
class Import:
    """One import: the module that has it, the module it names, and the line."""

    importer: str
    imported: str
    line: int


def copy_packages(folder: Path) -> Path:
    """Copy pyproject.toml and the Python files of all packages to a folder, and return it."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package, top in PACKAGES.items():
        shutil.copytree(
            ROOT / top / package, folder / top / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    return folder


def plant(root: Path, module: str, code: str) -> None:
    """Write a module, by its dotted name, into a copy of the packages."""
    package = module.partition(".")[0]
    path = root / PACKAGES[package] / Path(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code)


def source_files(root: Path = ROOT) -> list[Path]:
    """Return the Python files of all packages."""
    return [
        file for package, top in PACKAGES.items() for file in sorted((root / top / package).rglob("*.py"))
    ]


def imports(root: Path = ROOT) -> Iterator[Import]:
    """Yield every import in the packages, also those inside functions."""
    for file in source_files(root):
        top = next(top for top in PACKAGES.values() if file.is_relative_to(root / top))
        importer = ".".join(file.relative_to(root / top).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                for name in node.names:
                    yield Import(importer, name.name, node.lineno)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield Import(importer, node.module, node.lineno)
