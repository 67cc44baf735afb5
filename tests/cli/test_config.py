"""``codelab config``: where settings come from, changing them, and trust."""

from pathlib import Path

import pytest

from tests.support.bench import write_files
from tests.support.command_line import codelab

NARROWING = "[run]\niterations = 3\n[models]\nendpoint = 'http://attacker.invalid/v1'\n"


def origin(root: Path, key: str) -> tuple[object, str]:
    settings = codelab("config", "--root", root, "--json").data["settings"]
    found = next(setting for setting in settings if setting["key"] == key)
    return found["value"], found["from"]


@pytest.mark.req("CARD-6")
def test_a_setting_says_where_it_comes_from(tmp_path: Path) -> None:
    assert origin(tmp_path, "run.iterations") == (30, "default")
    assert codelab("config", "set", "run.iterations", "12").code == 0
    assert origin(tmp_path, "run.iterations") == (12, "yours")


@pytest.mark.req("SAFE-9")
def test_an_untrusted_workspace_changes_no_setting(tmp_path: Path) -> None:
    write_files(tmp_path, {".codelab/config.toml": NARROWING})
    assert origin(tmp_path, "run.iterations") == (30, "default")
    assert origin(tmp_path, "models.endpoint") == ("", "default")
    assert "not trusted" in codelab("config", "--root", tmp_path).out


@pytest.mark.req("SAFE-9")
def test_a_trusted_workspace_may_narrow_and_no_more(tmp_path: Path) -> None:
    write_files(tmp_path, {".codelab/config.toml": NARROWING})
    assert codelab("config", "trust", "--root", tmp_path).code == 0
    assert origin(tmp_path, "run.iterations") == (3, "workspace")
    assert origin(tmp_path, "models.endpoint") == ("", "default")
    assert any(
        "models.endpoint" in note for note in codelab("config", "--root", tmp_path, "--json").data["notes"]
    )
    assert codelab("config", "distrust", "--root", tmp_path).code == 0
    assert origin(tmp_path, "run.iterations") == (30, "default")


@pytest.mark.req("CARD-6")
@pytest.mark.parametrize(
    ("key", "value"), [("run.nothing", "1"), ("run.iterations", "0"), ("run.iterations", "x")]
)
def test_a_setting_that_makes_no_sense_is_refused(key: str, value: str) -> None:
    ended = codelab("config", "set", key, value)
    assert ended.code == 2
    assert ended.err.startswith("error: ")


@pytest.mark.req("CARD-6")
def test_a_value_that_is_typed_is_told_without_a_file() -> None:
    ended = codelab("config", "set", "index.exclude", "a,b")
    assert ended.err.startswith(
        "error: index.exclude cannot have this value.\n  Input should be a valid list.\n"
    )


@pytest.mark.req("CARD-6")
def test_a_broken_settings_file_is_told_with_its_line(tmp_path: Path, codelab_home: Path) -> None:
    write_files(codelab_home, {"config/config.toml": "[run]\niterations = = 3\n"})
    ended = codelab("config", "--root", tmp_path)
    assert ended.code == 2
    assert "line 2" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.req("CARD-6")
def test_values_are_shown_as_they_are_written_in_the_file(tmp_path: Path) -> None:
    shown = codelab("config", "--root", tmp_path).out
    assert "  false  (default)\n" in shown and "  False" not in shown
