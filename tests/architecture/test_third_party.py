"""Each third-party package is imported only in the layer that owns it."""

import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.source_tree import Import, imports, plant

# Who may import what. A package that is not here may not be imported at all.
HOMES: dict[str, tuple[str, ...]] = {
    "aiosqlite": ("codelab.store", "codelab.index"),
    "anyio": ("codelab_mcp",),
    "cattrs": ("codelab.lsp",),
    "filelock": ("codelab.store", "codelab.workspace", "codelab.index", "codelab_models"),
    "jinja2": ("codelab_models.host.local.child",),
    "httpx": ("codelab_models",),
    "jsonschema": ("codelab_models.calls",),
    "huggingface_hub": ("codelab_models.hub",),
    "litellm": ("codelab_models.host",),
    "onnxruntime": ("codelab_models.host.local.child",),
    "llama_cpp": ("codelab_models.host.local.child",),
    "lsprotocol": ("codelab.lsp",),
    "mcp": ("codelab_mcp",),
    "mcp_types": ("codelab_mcp",),
    "numpy": ("codelab.index", "codelab_models"),
    "pathspec": ("codelab.index", "codelab.workspace"),
    "platformdirs": ("codelab.config",),
    "pydantic": (
        "codelab.config",
        "codelab.policy",
        "codelab.tools",
        "codelab.agents",
        "codelab_mcp",
        "codelab_models",
    ),
    "pygls": ("codelab.lsp",),
    "pysqlite3": ("codelab.store", "codelab.index"),
    "referencing": ("codelab_models.calls",),
    "sqlite3": ("codelab.store", "codelab.index", "codelab_models.host", "codelab_models.accounts"),
    "sqlite_vec": ("codelab.store", "codelab.index"),
    "starlette": ("codelab_models.host",),
    "tokenizers": ("codelab_models.host.local.child",),
    "tree_sitter": ("codelab_grammars", "codelab.index"),
    "uvicorn": ("codelab_models.host",),
    "watchfiles": ("codelab.index",),
}


def breaches(found: Iterable[Import]) -> list[str]:
    """Return the imports of third-party packages outside of their homes, in words."""
    wrong = []
    for one in found:
        package = one.imported.partition(".")[0]
        if package.startswith(("codelab", "_")) or (
            package in sys.stdlib_module_names and package not in HOMES
        ):
            continue
        if package.startswith("tree_sitter_"):
            package = "tree_sitter"
        if not any(f"{one.importer}.".startswith(f"{home}.") for home in HOMES.get(package, ())):
            wrong.append(f"{one.importer}:{one.line} imports {one.imported}")
    return wrong


@pytest.mark.req("CARD-8", "CARD-7")
def test_third_party_packages_stay_in_the_layer_that_owns_them() -> None:
    assert breaches(imports()) == []


@pytest.mark.req("CARD-8")
@pytest.mark.parametrize(
    ("module", "code", "expected"),
    [
        (
            "codelab.agents.planted",
            "import lsprotocol.types",
            "codelab.agents.planted:1 imports lsprotocol.types",
        ),
        (
            "codelab.workbench.planted",
            "from mcp.server import X",
            "codelab.workbench.planted:1 imports mcp.server",
        ),
        (
            "codelab_models.planted",
            "def late() -> None:\n    import litellm\n",
            "codelab_models.planted:2 imports litellm",
        ),
        ("codelab.core.planted", "import pydantic", "codelab.core.planted:1 imports pydantic"),
        ("codelab.tools.planted", "import sqlite3", "codelab.tools.planted:1 imports sqlite3"),
        ("codelab.lsp.planted", "import requests", "codelab.lsp.planted:1 imports requests"),
    ],
)
def test_an_import_out_of_place_is_found(tmp_path: Path, module: str, code: str, expected: str) -> None:
    plant(tmp_path, module, code)
    assert breaches(imports(tmp_path)) == [expected]


@pytest.mark.req("CARD-8")
def test_the_core_imports_the_standard_library_only() -> None:
    outside = [
        f"{one.importer}:{one.line} {one.imported}"
        for one in imports()
        if one.importer.startswith("codelab.core")
        and one.imported.partition(".")[0] not in sys.stdlib_module_names
        and not one.imported.startswith("codelab.core")
    ]
    assert outside == []
