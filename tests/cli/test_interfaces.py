"""What other programs rely on: the JSON of search, index, ask, approvals, doctor; bad workspaces."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.bench import write_files
from tests.support.command_line import CODELAB, GUARD_SECONDS, codelab, codelab_process
from tests.support.rights import GIVE_UP_RIGHTS

pytestmark = pytest.mark.slow

FILES = {
    "src/upload.py": (
        'class UploadClient:\n    """Sends files."""\n\n    def send_with_retry(self, path):\n'
        '        """Retry failed uploads."""\n        return self.send(path)\n'
    ),
    "docs/uploads.md": "# Uploads\n\n## Retries\n\nFailed uploads are retried.\n",
    "image.bin": "\0\1\2",
    ".env": "TOKEN=secret\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_files(tmp_path / "project", FILES)


@pytest.mark.req("INDEX-1", "CARD-6")
def test_index_tells_what_it_holds_and_search_finds_it(project: Path) -> None:
    ended = codelab("index", "--root", project, "--json")
    assert ended.code == 0, ended.err
    data = ended.data
    assert set(data) == {
        "files",
        "chunks",
        "symbols",
        "languages",
        "searchable_seconds",
        "total_seconds",
        "embedder",
        "embedded",
        "embedding_error",
        "skipped",
    }
    assert data["files"] == 2 and data["languages"] == {"python": 1, "markdown": 1}
    assert 0 < data["searchable_seconds"] <= data["total_seconds"]
    assert {skipped["path"] for skipped in data["skipped"]} >= {"image.bin"}
    assert all(skipped["reason"] for skipped in data["skipped"])

    found = codelab("search", "--root", project, "--json", "-n", "10", "retry failed uploads").data
    assert found and all(
        set(hit) == {"path", "start_line", "end_line", "score", "symbol", "kind"} for hit in found
    )
    assert any(hit["path"] == "src/upload.py" and "UploadClient" in hit["symbol"] for hit in found)
    assert "secret" not in json.dumps(found)

    text = codelab("search", "--root", project, "retry failed uploads")
    assert "src/upload.py:" in text.out and "Indexing" not in text.err


@pytest.mark.req("INDEX-4", "CARD-6")
def test_queries_on_standard_input_are_answered_one_line_each_at_once(project: Path) -> None:
    with subprocess.Popen(
        [*CODELAB, "search", "--root", project, "--json", "-n", "5", "--stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for query, path in ((b"UploadClient", "src/upload.py"), (b"retries", "docs/uploads.md")):
            process.stdin.write(query + b"\n")
            process.stdin.flush()
            assert path in {hit["path"] for hit in json.loads(process.stdout.readline())}
        process.stdin.write(b"\n\xff\xfe zzzqqq\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == []
        assert json.loads(process.stdout.readline()) == []
        process.stdin.close()
        assert process.wait(GUARD_SECONDS) == 0


@pytest.mark.req("MODEL-5", "CARD-6")
def test_ask_without_a_model_answers_from_the_index(project: Path) -> None:
    ended = codelab("ask", "--root", project, "--json", "where are failed uploads retried?")
    assert ended.code == 0, ended.err
    data = ended.data
    assert set(data) == {"answer", "sources", "agent", "model", "run"}
    assert data["agent"] == "ask" and data["model"] == "" and data["run"].startswith("run-")
    assert "src/upload.py" in {source["path"] for source in data["sources"]}
    assert all(set(source) == {"path", "start_line", "end_line"} for source in data["sources"])

    shown = codelab("ask", "--root", project, "where are failed uploads retried?")
    assert shown.out.startswith("Found in the code (no model is set up, so nothing here is generated)")
    assert "codelab config set models.chat" in shown.out.splitlines()[-1]


@pytest.mark.req("MODEL-5", "CARD-6")
def test_run_without_a_model_ends_with_4_and_says_how_to_add_one(project: Path) -> None:
    ended = codelab("run", "--root", project, "--json", "do it")
    assert ended.code == 4
    assert ended.out == "" and "codelab config set models.chat" in ended.err


@pytest.mark.req("CARD-6")
def test_an_empty_workspace_is_no_failure(tmp_path: Path) -> None:
    assert codelab("index", "--root", tmp_path, "--json").data["files"] == 0
    assert codelab("search", "--root", tmp_path, "--json", "anything").data == []
    assert codelab("ask", "--root", tmp_path, "--json", "anything?").data["sources"] == []


@pytest.mark.req("CARD-6")
def test_the_workspace_that_holds_the_current_folder_is_meant(project: Path) -> None:
    (project / ".git").mkdir()
    status = codelab_process("config", "--json", cwd=project / "src")
    assert status.data["files"]["workspace"] == str(project / ".codelab/config.toml")


@pytest.mark.req("CARD-6")
def test_nothing_waits_and_nothing_can_be_undone_at_first(project: Path) -> None:
    assert codelab("approvals", "--root", project, "--json").data == []
    assert codelab("sessions", "--root", project, "--json").data == []
    assert codelab("undo", "--root", project).code == 2
    assert codelab("approvals", "show", "apr-none", "--root", project).code == 2


@pytest.mark.req("CARD-6", "MODEL-5")
def test_doctor_says_what_works_and_what_is_missing(project: Path) -> None:
    ended = codelab("doctor", "--root", project, "--json")
    assert ended.code == 0, ended.err
    checks = {check["name"]: check for check in ended.data["checks"]}
    assert ended.data["ok"] is True
    assert checks["model"]["state"] == "missing" and "codelab config set" in checks["model"]["fix"]
    for name in (
        "python",
        "sqlite",
        "sqlite-vec",
        "grammars",
        "data folder",
        "cache folder",
        "workspace",
        "index",
    ):
        assert checks[name]["state"] == "ok", checks[name]


@pytest.mark.req("MODEL-5", "SAFE-7")
def test_doctor_names_a_key_that_it_found_and_does_not_show_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    ended = codelab("doctor", "--root", project, "--json")
    found = [check["detail"] for check in ended.data["checks"] if check["name"] == "model found"]
    assert "ANTHROPIC_API_KEY is set (Anthropic)" in found
    assert "sk-secret" not in ended.out


@pytest.mark.req("MODEL-4", "CARD-6")
def test_doctor_says_when_the_endpoint_does_not_answer(project: Path, codelab_home: Path) -> None:
    write_files(codelab_home, {"config/config.toml": '[models]\nendpoint = "http://127.0.0.1:9/v1"\n'})
    ended = codelab("doctor", "--root", project, "--json")
    (model,) = [check for check in ended.data["checks"] if check["name"] == "model"]
    assert (ended.code, model["state"]) == (1, "broken")
    assert "cannot be reached" in model["detail"] and model["fix"]


@pytest.mark.req("CARD-6")
def test_doctor_goes_on_when_something_is_broken(project: Path, codelab_home: Path) -> None:
    write_files(codelab_home, {"config/config.toml": "[run]\niterations = 'many'\n"})
    ended = codelab("doctor", "--root", project, "--json")
    assert ended.code == 1 and ended.data["ok"] is False
    states = {check["name"]: check["state"] for check in ended.data["checks"]}
    assert states["settings"] == "broken" and states["sqlite"] == "ok"


@pytest.fixture
def unreadable(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "unreadable"
    folder.mkdir()
    folder.chmod(0)
    yield folder
    folder.chmod(0o700)


@pytest.mark.req("CARD-6")
def test_an_unreadable_workspace_is_told(unreadable: Path) -> None:
    command = (
        f"from codelab.cli.main import main\nraise SystemExit(main(['index', '--root', {str(unreadable)!r}]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", GIVE_UP_RIGHTS + command], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2 and "cannot be read" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.req("INDEX-3", "INDEX-6", "CARD-6")
def test_index_answers_how_the_code_hangs_together(project: Path, tmp_path: Path) -> None:
    picture = tmp_path / "report.svg"
    report = codelab("index", "report", "--root", project, "--json", "--svg", picture)
    assert report.code == 0, report.err
    assert report.data["status"]["files"] == 2 and report.data["broken_imports"] == []
    assert picture.read_text().startswith("<svg")
    shown = codelab("index", "report", "--root", project)
    assert "broken imports: none" in shown.out and "python" in shown.out

    symbols = codelab("index", "symbol", "send_with_retry", "--root", project, "--json").data
    assert [one["qualified"] for one in symbols] == ["UploadClient.send_with_retry"]
    uses = codelab("index", "references", "send", "--root", project, "--json").data
    assert [(one["path"], one["line"], one["symbol"]) for one in uses] == [
        ("src/upload.py", 6, "UploadClient.send_with_retry")
    ]
    assert "class UploadClient" in codelab("index", "map", "--root", project, "--tokens", "60").out
    assert codelab("index", "importers", "src/upload.py", "--root", project, "--json").data == []
    assert codelab("index", "symbol", "--root", project).code == 2
