"""Setting one of the person's settings without disturbing the rest of the file."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codelab.config.edit import set_user_setting
from codelab.config.load import load_settings
from codelab.config.places import Places, find_places
from codelab.core.errors import InputError


@pytest.fixture
def places(codelab_home: Path) -> Places:
    (codelab_home / "config").mkdir()
    return find_places()


def check_edit(places: Places, before: str, key: str, value: str, after: str) -> None:
    places.user_config.write_bytes(before.encode())
    assert set_user_setting(places, key, value) == places.user_config
    assert places.user_config.read_bytes().decode() == after


def check_refused(places: Places, before: str, key: str, value: str, words: str) -> None:
    places.user_config.write_bytes(before.encode())
    with pytest.raises(InputError, match=words):
        set_user_setting(places, key, value)
    assert places.user_config.read_bytes().decode() == before
    assert [path.name for path in places.config.iterdir()] == ["config.toml"]


@pytest.mark.req("CARD-8")
@pytest.mark.parametrize(
    ("before", "key", "value", "after"),
    [
        ("", "models.chat", "ollama/x", '[models]\nchat = "ollama/x"\n'),
        ("# mine\n", "run.seconds", "90", "# mine\n\n[run]\nseconds = 90\n"),
        ("[run]\n# keep\nsearches = 1", "run.seconds", "9", "[run]\nseconds = 9\n# keep\nsearches = 1\n"),
        (
            "[run]\n  tokens = 5   # few # really\n",
            "run.tokens",
            "6",
            "[run]\n  tokens = 6   # few # really\n",
        ),
        ('[models]\nchat = "a#b"\n', "models.chat", "c#d", '[models]\nchat = "c#d"\n'),
        ("[run]\r\ntokens = 5\r\n", "run.tokens", "6", "[run]\r\ntokens = 6\r\n"),
        ("run.tokens = 5\n", "run.tokens", "6", "run.tokens = 6\n"),
        (
            '[index]\nexclude = [\n "a", # why\n]\n[run]\n',
            "index.exclude",
            '["b"]',
            '[index]\nexclude = ["b"]\n[run]\n',
        ),
        ("", "models.chat", '"quoted"', '[models]\nchat = "quoted"\n'),
        ("", "models.chat", "5", '[models]\nchat = "5"\n'),
    ],
)
def test_a_setting_is_written_and_every_other_line_stays(
    places: Places, before: str, key: str, value: str, after: str
) -> None:
    check_edit(places, before, key, value, after)


@pytest.mark.req("CARD-8")
@pytest.mark.parametrize(
    ("before", "key", "value", "words"),
    [
        ("", "models.chatt", "x", "Did you mean models.chat"),
        ("", "nonsense", "x", "docs/settings.md"),
        ("", "run.tokens", "many", "run.tokens cannot have this value"),
        ("", "run.tokens", "0", "greater than or equal to 1"),
        ("[run]\nseconds = 'x'\n", "run.tokens", "5", "line 2: run.seconds"),
        ("[run\n", "run.tokens", "5", "not TOML"),
        ("run = { seconds = 5 }\n", "run.tokens", "5", "tokens = 5"),
    ],
)
def test_what_cannot_be_set_is_told_and_the_file_stays_as_it_was(
    places: Places, before: str, key: str, value: str, words: str
) -> None:
    check_refused(places, before, key, value, words)


@pytest.mark.req("CARD-8")
def test_a_file_that_is_a_link_stays_one_and_keeps_its_mode(places: Places, tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles.toml"
    kept.write_text("")
    kept.chmod(0o640)
    places.user_config.symlink_to(kept)
    set_user_setting(places, "run.tokens", "7")
    assert places.user_config.is_symlink()
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o640
    assert load_settings(places).settings.run.tokens == 7


@pytest.mark.req("CARD-8")
def test_a_folder_that_cannot_be_made_is_told(places: Places) -> None:
    places.config.rmdir()
    places.config.write_text("a file where the folder should be")
    with pytest.raises(InputError):
        set_user_setting(places, "run.tokens", "7")


@pytest.mark.req("CARD-8")
def test_any_text_comes_back_as_it_was_given(places: Places) -> None:
    @given(
        st.text(st.characters(exclude_categories=("Cs",)), max_size=40).filter(lambda text: "\0" not in text)
    )
    def check(text: str) -> None:
        quoted = "".join(f"\\U{ord(c):08x}" for c in text)
        set_user_setting(places, "models.chat", f'"{quoted}"')
        assert load_settings(places).settings.models.chat == text

    check()
