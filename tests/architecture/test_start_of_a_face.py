"""What a face brings in before it answers: nothing slow, and nothing of the model host."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

SLOW = ("litellm", "llama_cpp", "openai", "boto3", "tokenizers", "uvicorn", "starlette")

EVERY_MODULE_OF = """
import importlib, pkgutil
package = importlib.import_module("{0}")
for module in pkgutil.walk_packages(package.__path__, "{0}."):
    importlib.import_module(module.name)
"""


def modules_after(code: str) -> set[str]:
    """Return the top-level packages that a fresh interpreter has loaded after running code."""
    report = (
        f"{code}\nimport json, sys; print(json.dumps(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    )
    answer = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(json.loads(answer.stdout))


@pytest.mark.req("CARD-1", "LEARN-6")
def test_the_language_server_starts_without_the_model_host_and_mcp() -> None:
    loaded = modules_after(
        f"import codelab.cli.main, codelab.cli.lazy\n{EVERY_MODULE_OF.format('codelab.lsp')}"
    )
    assert "pygls" in loaded  # the control: the check sees what is loaded
    assert loaded.isdisjoint({*SLOW, "mcp", "pydantic", "tree_sitter"})


@pytest.mark.req("CARD-2")
def test_the_mcp_server_starts_without_the_model_host_and_the_language_server() -> None:
    loaded = modules_after("import codelab.cli.main, codelab_mcp.serve")
    assert "mcp" in loaded
    # The MCP library itself brings in starlette and uvicorn.
    assert loaded.isdisjoint(
        {"litellm", "llama_cpp", "openai", "boto3", "tokenizers", "pygls", "tree_sitter"}
    )
