"""Loading the settings: defaults, the person's file, and what a workspace may narrow."""

import os
from pathlib import Path

import pytest

from codelab.config.load import MAX_CONFIG_BYTES, WORKSPACE_CONFIG, Loaded, load_settings
from codelab.config.places import Places, find_places
from codelab.config.settings import Settings
from codelab.core.errors import InputError


@pytest.fixture
def places(codelab_home: Path) -> Places:
    found = find_places()
    assert found.config == codelab_home / "config"
    return found


def write_user(places: Places, text: str) -> None:
    places.config.mkdir(parents=True, exist_ok=True)
    places.user_config.write_text(text, encoding="utf-8")


def write_workspace(root: Path, text: str) -> Path:
    path = root / WORKSPACE_CONFIG
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def check_mistake(places: Places, text: str, *expected: str) -> None:
    """Check that a mistake in the person's file is told with the file and all the expected words."""
    write_user(places, text)
    with pytest.raises(InputError) as caught:
        load_settings(places)
    message = str(caught.value)
    for words in (str(places.user_config), *expected):
        assert words in message, message


def check_narrowing(places: Places, root: Path, text: str) -> Loaded:
    """Load with a trusted workspace that has this file; the control: untrusted, nothing of it counts."""
    write_workspace(root, text)
    untrusted = load_settings(places, root, trusted=False)
    assert untrusted.settings == load_settings(places).settings
    assert len(untrusted.notes) == 1
    assert "not trusted" in untrusted.notes[0]
    return load_settings(places, root, trusted=True)


@pytest.mark.req("CARD-8")
def test_without_any_file_the_defaults_hold(places: Places, tmp_path: Path) -> None:
    assert load_settings(places, tmp_path, trusted=True) == Loaded(Settings())


@pytest.mark.req("CARD-8")
def test_the_persons_file_goes_over_the_defaults(places: Places) -> None:
    write_user(
        places, '\ufeff[models]\nchat = "ollama/x"\n[index]\nexclude = ["*.min.js"]\n[run]\nseconds = 60\n'
    )
    settings = load_settings(places).settings
    assert settings.models.chat == "ollama/x"
    assert settings.index.exclude == ("*.min.js",)
    assert settings.run.seconds == 60
    assert settings.run.iterations == Settings().run.iterations


@pytest.mark.req("CARD-8")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[run]\n\nseconds = = 3\n", ["line 3", "TOML"]),
        ("[run]\niterations = 'many'\n", ["line 2", "run.iterations", "whole number", "30"]),
        ("[run]\niterations = true\n", ["line 2", "run.iterations"]),
        ("[run]\niterations = 0\n", ["line 2", "greater than or equal to 1"]),
        ("# a comment\n[run]\niteration = 5\n", ["line 3", "no setting run.iteration", "run.iterations"]),
        ("chat = 'x'\n", ["line 1", "no setting chat", "models.chat"]),
        ("[colours]\nred = 1\n", ["line 1", "no setting colours", "docs/settings.md"]),
        ("run = 3\n", ["line 1", "run"]),
        ("models.endpoint = 'localhost:1'\n", ["line 1", "models.endpoint", "http"]),
        ("[index]\nexclude = [\n 'a',\n 3]\n", ["line 2", "index.exclude", "list of texts"]),
        ("[run]\nseconds = -1\ntokens = 0\n", ["line 2", "run.seconds", "1 more"]),
    ],
)
def test_a_mistake_in_the_persons_file_is_told_with_line_key_and_fix(
    places: Places, text: str, expected: list[str]
) -> None:
    check_mistake(places, text, *expected)


@pytest.mark.req("CARD-8")
def test_a_file_that_is_not_utf_8_or_cannot_be_read_is_told(places: Places) -> None:
    places.config.mkdir(parents=True)
    places.user_config.write_bytes("[models]\nchat = 'é'\n".encode("latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        load_settings(places)
    places.user_config.unlink()
    places.user_config.mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        load_settings(places)


@pytest.mark.req("SAFE-9")
def test_a_trusted_workspace_may_lower_a_limit_and_add_to_a_list(places: Places, tmp_path: Path) -> None:
    write_user(places, "[index]\nexclude = ['mine']\n")
    loaded = check_narrowing(
        places, tmp_path, "[run]\niterations = 5\n[index]\nexclude = ['theirs', 'mine']\n"
    )
    assert loaded.notes == ()
    assert loaded.settings.run.iterations == 5
    assert loaded.settings.index.exclude == ("mine", "theirs")


@pytest.mark.req("SAFE-9")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[run]\niterations = 31\n", "only lower"),
        ("[run]\ncost_usd = inf\n", "only lower"),
        ("[run]\ncost_usd = nan\n", "only lower"),
        ("[run]\niterations = 0\n", "greater than or equal"),
        ("[run]\niterations = true\n", "number"),
        ("[run]\niterations = 2.5\n", "integer"),
        ("[models]\nendpoint = 'http://127.0.0.1:9'\n", "only you"),
        ("[approvals]\nwait_seconds = 1\n", "only you"),
        ("[index]\nexclude = ['!secret']\n", "take back"),
        ("[index]\nexclude = 'x'\n", "list of texts"),
        ("[index]\nexclude = [1]\n", "list of texts"),
        ("[run]\ncolour = 1\n", "no such setting"),
        ("[colours]\nred = 1\n", "no such setting"),
        ("colour = 1\n", "no such section"),
        ("not toml", "ignored"),
    ],
)
def test_whatever_else_a_trusted_workspace_sets_is_left_out_with_a_note(
    places: Places, tmp_path: Path, text: str, words: str
) -> None:
    loaded = check_narrowing(places, tmp_path, text)
    assert loaded.settings == Settings()
    (note,) = loaded.notes
    assert words in note


@pytest.mark.req("SAFE-9")
def test_one_refused_value_does_not_keep_out_the_others(places: Places, tmp_path: Path) -> None:
    loaded = check_narrowing(places, tmp_path, "[run]\ntokens = 9000000\nsearches = 0\n")
    assert loaded.settings.run.searches == 0
    assert loaded.settings.run.tokens == Settings().run.tokens
    assert len(loaded.notes) == 1


@pytest.mark.req("SAFE-5")
def test_a_workspace_file_that_is_a_link_out_a_pipe_a_folder_or_huge_is_left_out(
    places: Places, tmp_path: Path
) -> None:
    root = tmp_path / "workspace"
    text = "[run]\niterations = 5\n"
    assert check_narrowing(places, root, text).settings.run.iterations == 5  # the control
    path = root / WORKSPACE_CONFIG

    outside = tmp_path / "outside.toml"
    outside.write_text(text)
    path.unlink()
    path.symlink_to(outside)
    check_left_out(places, root, "out of the workspace")
    path.unlink()
    os.mkfifo(path)
    check_left_out(places, root, "plain file")
    path.unlink()
    path.mkdir()
    check_left_out(places, root, "")
    path.rmdir()
    path.write_text(text + "#" * MAX_CONFIG_BYTES)
    check_left_out(places, root, "larger")
    path.write_bytes(b"\xff" + text.encode())
    check_left_out(places, root, "decode")


def check_left_out(places: Places, root: Path, words: str) -> None:
    loaded = load_settings(places, root, trusted=True)
    assert loaded.settings == Settings()
    (note,) = loaded.notes
    assert words in note


@pytest.mark.req("SAFE-9")
def test_a_note_shows_the_control_characters_of_a_key_instead_of_sending_them(
    places: Places, tmp_path: Path
) -> None:
    loaded = check_narrowing(places, tmp_path, '["a\\u001b[31m\\u202eb"]\nx = 1\n')
    (note,) = loaded.notes
    assert note.isprintable()
    assert "\\u001b" in note
