"""Where CodeLab keeps its files."""

from pathlib import Path

import pytest

from codelab.config.places import find_places, workspace_key
from codelab.core.errors import InputError


@pytest.mark.req("CARD-8")
def test_codelab_home_holds_everything(codelab_home: Path, tmp_path: Path) -> None:
    places = find_places()
    for path in (
        places.user_config,
        places.user_db,
        places.workspace_data(tmp_path),
        places.workspace_cache(tmp_path),
    ):
        assert path.is_relative_to(codelab_home)
        assert not path.exists()


@pytest.mark.req("CARD-8")
def test_without_it_the_platforms_folders_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CODELAB_HOME")
    places = find_places()
    assert len({places.config, places.data, places.cache}) >= 2
    assert all("codelab" in str(path).lower() for path in (places.config, places.data, places.cache))


@pytest.mark.req("CARD-8")
def test_a_workspace_has_one_key_however_it_is_reached_and_no_other_has_it(tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "shop", tmp_path / "b" / "shop"
    for folder in (first, second):
        folder.mkdir(parents=True)
    (tmp_path / "link").symlink_to(first)
    assert workspace_key(tmp_path / "link") == workspace_key(first)
    assert workspace_key(first) != workspace_key(second)
    assert workspace_key(first).startswith("shop-")


@pytest.mark.req("CARD-8")
def test_a_key_is_a_plain_file_name_whatever_the_folder_is_called(tmp_path: Path) -> None:
    key = workspace_key(tmp_path / ("ü /:*\n" * 20))
    assert len(key) <= 57
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@pytest.mark.req("CARD-8")
def test_a_relative_home_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CODELAB_HOME", "somewhere")
    with pytest.raises(InputError, match="no absolute path"):
        find_places()
