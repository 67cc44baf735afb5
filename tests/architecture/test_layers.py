"""The layers of pyproject.toml hold, and each contract would notice a breach."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.source_tree import PACKAGES, ROOT, copy_packages, plant

pytestmark = pytest.mark.slow


def lint_imports(root: Path) -> str:
    """Check the contracts on a tree of packages; return what import-linter says."""
    paths = [str(root / top) for top in PACKAGES.values()]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([*paths, os.environ.get("PYTHONPATH", "")])}
    code = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    answer = subprocess.run(
        [sys.executable, "-c", code, "--no-cache", "--no-logo", "--config", str(root / "pyproject.toml")],
        cwd=root,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout + answer.stderr


@pytest.mark.req("CARD-8")
def test_every_contract_is_kept() -> None:
    report = lint_imports(ROOT)
    assert "Contracts: 4 kept, 0 broken." in report, report


@pytest.mark.req("CARD-8")
@pytest.mark.parametrize(
    ("module", "code", "contract", "evidence"),
    [
        (
            "codelab.core.planted",
            "import codelab.config.places",
            "A layer imports only those below it",
            "codelab.core.planted -> codelab.config.places",
        ),
        (
            "codelab.agents.planted",
            "def later() -> None:\n    import codelab.lsp\n",
            "A layer imports only those below it",
            "codelab.agents.planted -> codelab.lsp",
        ),
        (
            "codelab_models.planted",
            "import codelab_grammars",
            "A layer imports only those below it",
            "codelab_models.planted -> codelab_grammars",
        ),
        (
            "codelab.index.parsing.planted",
            "import codelab.index.storing.writer",
            "Every part of the index has its layer",
            "codelab.index.parsing.planted -> codelab.index.storing.writer",
        ),
        (
            "codelab_mcp.planted",
            "import codelab.lsp",
            "A layer imports only those below it",
            "codelab_mcp.planted -> codelab.lsp",
        ),
        ("codelab.planted.__init__", "", "Every part of codelab has its layer", "codelab.planted"),
        (
            "codelab.core.ids",
            "import codelab.core.positions\nimport codelab.core.planted",
            "side by side",
            "",
        ),
    ],
)
def test_a_planted_breach_is_found(
    tmp_path: Path, module: str, code: str, contract: str, evidence: str
) -> None:
    root = copy_packages(tmp_path)
    plant(root, module, code)
    if module == "codelab.core.ids":
        plant(root, "codelab.core.planted", "import codelab.core.ids")
    report = lint_imports(root)
    kept, broken, details = report.partition("Broken contracts")
    assert broken, report
    assert any(contract in line and "BROKEN" in line for line in kept.splitlines()), report
    assert evidence in details, report
