"""Every command that the README and the pages about the command line and MCP show does what they say."""

import json
import re
import shlex
from pathlib import Path

import pytest

from codelab.cli.parser import COMMANDS
from tests.support.bench import write_files
from tests.support.command_line import codelab, codelab_process
from tests.support.source_tree import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.req("CARD-6", "CARD-8")]

_EXAMPLE = re.compile(r"`codelab ([^`]+)`|^    codelab (?!COMMAND)(.+)$", re.MULTILINE)
_JSON = re.compile(r"```json\n(.*?)```", re.DOTALL)
_NAMES = ("command-line.md", "mcp.md", "data.md", "policy.md")
_PAGES = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in _NAMES]
_README = (ROOT / "README.md").read_text(encoding="utf-8")
_README_EXAMPLES = sorted(set(re.findall(r"`codelab ([^`|]+)`", _README)) - {"--stdio", "mcp"})
_EXAMPLES = sorted({one or other for page in _PAGES for one, other in _EXAMPLE.findall(page)})
_STANDS_FOR = {
    "NAME": "send_with_retry",
    "FILE": "labelled.json",
    "DIR": "exported",
    "query": "retry failed uploads",
}
# What cannot be done here, with the exit code that the page promises: no model, nothing to undo, nobody here.
_REFUSED = {
    "approvals approve ID": 2,
    'run --json "task"': 4,
    "undo": 2,
    "state restore": 2,
    "data delete --session ID": 6,
}

FILES = {
    "src/upload.py": (
        'class UploadClient:\n    """Sends files."""\n\n    def send_with_retry(self, path):\n'
        '        """Retry failed uploads."""\n        return self.send(path)\n'
    ),
}


@pytest.mark.parametrize("example", _EXAMPLES)
def test_a_command_of_the_pages_runs(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write_files(tmp_path / "project", FILES)
    labelled = next(block for block in _JSON.findall(_PAGES[0]) if '"relevant"' in block)
    (project / "labelled.json").write_text(labelled)
    monkeypatch.chdir(project)
    words = [_STANDS_FOR.get(word, word) for word in shlex.split(example)]
    # Servers read their standard input, which must be one that ends.
    ended = codelab_process(*words) if words == ["mcp"] else codelab(*words)
    assert ended.code == _REFUSED.get(example, 0), ended.err
    if "--json" in words and not ended.code:
        assert ended.data is not None
    if words[0] == "search":
        assert "src/upload.py" in ended.out
    if "--labelled" in words:
        assert "search by 2 labelled queries" in ended.out and "recall@10 1.000" in ended.out


def test_examples_are_found_and_their_json_is_sound() -> None:
    assert {"index report", "search --context 3 send_with_retry", "mcp"} <= set(_EXAMPLES)
    blocks = [block.replace('"..."', '""') for page in _PAGES for block in _JSON.findall(page)]
    assert len([json.loads(block) for block in blocks]) >= 7


@pytest.mark.parametrize("example", _README_EXAMPLES)
def test_a_command_of_the_readme_runs(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_files(tmp_path / "project", FILES))
    ended = codelab(*shlex.split(example))
    assert ended.code == 0, ended.err


def test_the_readme_names_commands_that_there_are() -> None:
    (listed,) = re.findall(r"`codelab ((?:[a-z]+\s+\|\s+)+[a-z]+)`", _README)
    assert set(re.split(r"\s*\|\s*", listed)) <= set(COMMANDS)


def test_a_question_is_answered_as_the_readme_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_files(tmp_path / "project", FILES))
    assert re.search(r'^\$ codelab ask "[^"]+"$', _README, re.MULTILINE)
    ended = codelab("ask", "How are failed uploads retried?")
    assert ended.code == 0, ended.err
    for line in (
        "Found in the code (no model is set up, so nothing here is generated):",
        "Add a model, e.g.",
    ):
        assert line in _README
        assert line in ended.out + ended.err
