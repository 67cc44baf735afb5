"""Downloading a model from a hub: found, resumed, verified, and every accident told."""

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from codelab.core.errors import CodeLabError, InputError, ModelError, StateError
from codelab_models.hub import HubFile, find_on_hub, known_downloads
from codelab_models.pulling import ATTEMPTS, pull
from tests.support.gguf_file import gguf_header
from tests.support.hub_server import COMMIT, Hub, hub_of

pytestmark = pytest.mark.req("MODEL-2")

MODEL = gguf_header({"general.architecture": "llama"}) + bytes(range(256)) * 2000
NAME = "owner/Repo-GGUF/Model-Q4_K_M.gguf"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    with hub_of({NAME: MODEL, "owner/Repo-GGUF/README.md": b"hello"}) as running:
        yield running


def find(hub: Hub, name: str = NAME) -> list[HubFile]:
    return find_on_hub(name, {"HF_ENDPOINT": hub.endpoint + "/"})


def check_pulled(hub: Hub, folder: Path, **how: float) -> tuple[Path, list[tuple[str, int, int]]]:
    """Pull and check that exactly the model is there and nothing unfinished."""
    told: list[tuple[str, int, int]] = []
    path = pull(find(hub)[0], folder, lambda *done: told.append(done), spare_bytes=0, pause_seconds=0, **how)
    assert path == folder / NAME
    assert path.read_bytes() == MODEL
    assert list((folder / ".unfinished").iterdir()) == []
    return path, told


def check_refused(
    hub: Hub, folder: Path, error: type[CodeLabError], why: str, *, spare_bytes: int = 0
) -> CodeLabError:
    with pytest.raises(error, match=why) as told:
        pull(find(hub)[0], folder, lambda *_: None, spare_bytes=spare_bytes, pause_seconds=0)
    assert told.value.fix
    assert not (folder / NAME).exists()
    return told.value


# --- finding -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        NAME,
        f"hf.co/{NAME}",
        "https://huggingface.co/owner/Repo-GGUF/resolve/main/Model-Q4_K_M.gguf?download=true",
        "https://huggingface.co/owner/Repo-GGUF/blob/main/Model-Q4_K_M.gguf",
        "owner/Repo-GGUF:q4_k_m",
        "hf.co/owner/Repo-GGUF:Q4_K_M",
        "owner/Repo-GGUF",
    ],
)
def test_a_file_is_found_by_the_names_that_people_copy(hub: Hub, name: str) -> None:
    (file,) = find(hub, name)
    assert (file.repository, file.name, file.size) == ("owner/Repo-GGUF", "Model-Q4_K_M.gguf", len(MODEL))
    assert file.sha256 == hashlib.sha256(MODEL).hexdigest()
    assert file.url == f"{hub.endpoint}/owner/Repo-GGUF/resolve/{COMMIT}/Model-Q4_K_M.gguf"


@pytest.mark.req("MODEL-6")
def test_the_models_with_short_names_are_found(hub: Hub) -> None:
    for known in known_downloads():
        hub.files[f"{known.repository}/{known.file}"] = known.name.encode()
    for known in known_downloads():
        (file,) = find(hub, known.name.upper())
        assert (file.repository, file.name) == (known.repository, known.file)
    assert {"qwen3.5-27b", "qwen2.5-coder-32b", "qwen2.5-14b"} <= {known.name for known in known_downloads()}
    assert {8, 16, 24} <= {known.memory_gb for known in known_downloads()}


def test_a_model_in_parts_is_found_with_all_of_them(hub: Hub) -> None:
    for number in (1, 2, 3):
        hub.files[f"owner/Split/m-{number:05}-of-00003.gguf"] = b"part %d" % number
    assert [file.name for file in find(hub, "owner/Split")] == [
        "m-00001-of-00003.gguf",
        "m-00002-of-00003.gguf",
        "m-00003-of-00003.gguf",
    ]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nonsense", "There is no model 'nonsense' to pull.*qwen3.5-27b"),
        ("owner/../x.gguf", "no name of a"),
        ("owner/Repo-GGUF/../../x.gguf", "no name of a file"),
        ("owner/Gone-GGUF/x.gguf", "no repository owner/Gone-GGUF"),
        ("owner/Repo-GGUF/Other.gguf", "no file Other.gguf.*It has Model-Q4_K_M.gguf"),
        ("owner/Repo-GGUF:Q8_0", "no GGUF file 'Q8_0'.*It has Model-Q4_K_M.gguf"),
        ("owner/--/x.gguf", "no name of a repository"),
        ("", "There is no model ''"),
    ],
)
def test_what_cannot_be_found_is_told_with_what_is_there(hub: Hub, name: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        find(hub, name)


def test_several_files_are_never_guessed_among(hub: Hub) -> None:
    hub.files["owner/Repo-GGUF/Model-Q8_0.gguf"] = b"x"
    hub.files["owner/Repo-GGUF/mmproj-Model.gguf"] = b"x"
    with pytest.raises(InputError, match=r"2 GGUF files.*Model-Q4_K_M\.gguf, Model-Q8_0\.gguf"):
        find(hub, "owner/Repo-GGUF")


@pytest.mark.parametrize(
    ("status", "code", "why"),
    [
        (403, "GatedRepo", "only for people whom its owner has let in"),
        (429, "", "refuses. It answered with status 429"),
        (500, "", "refuses. It answered with status 500"),
        (401, "RepoNotFound", "or it is private"),
    ],
)
def test_a_hub_that_refuses_is_told(hub: Hub, status: int, code: str, why: str) -> None:
    hub.status, hub.error_code = status, code
    with pytest.raises(CodeLabError, match=why) as told:
        find(hub)
    assert told.value.fix


def test_a_hub_that_is_down_is_told() -> None:
    with pytest.raises(ModelError, match=r"http://127\.0\.0\.1:1 cannot be reached.*HF_ENDPOINT"):
        find_on_hub(NAME, {"HF_ENDPOINT": "http://127.0.0.1:1"})


def test_a_server_without_checksums_is_not_trusted(hub: Hub) -> None:
    hub.checksums = False
    with pytest.raises(ModelError):
        find(hub)


# --- downloading -------------------------------------------------------------------------------------------


def test_a_model_is_downloaded_verified_and_not_downloaded_again(hub: Hub, tmp_path: Path) -> None:
    path, told = check_pulled(hub, tmp_path)
    assert {what for what, _, _ in told} == {"downloading", "verifying"}
    assert told[-1] == ("verifying", len(MODEL), len(MODEL))
    hub.files.clear()
    hub.files[NAME] = MODEL
    before = len(hub.ranges_asked)
    assert check_pulled(hub, tmp_path)[0] == path
    assert len(hub.ranges_asked) == before


def test_a_connection_that_breaks_is_taken_up_where_it_broke(hub: Hub, tmp_path: Path) -> None:
    hub.cut_after = [100_000, 50_000, 0, 0]
    check_pulled(hub, tmp_path)
    assert hub.ranges_asked == ["", "bytes=100000-", *["bytes=150000-"] * 3]


def test_a_download_that_was_interrupted_goes_on_in_the_next_process(hub: Hub, tmp_path: Path) -> None:
    def interrupt(what: str, done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(find(hub)[0], tmp_path, interrupt, spare_bytes=0)
    assert not (tmp_path / NAME).exists()
    kept = next((tmp_path / ".unfinished").glob("*.part"))
    with kept.open("r+b") as part:
        part.truncate(1000)
    check_pulled(hub, tmp_path)
    assert hub.ranges_asked == ["", "bytes=1000-"]


def test_a_server_that_knows_no_ranges_sends_all_again(hub: Hub, tmp_path: Path) -> None:
    hub.ranges = False
    hub.cut_after = [100_000]
    check_pulled(hub, tmp_path)


def test_a_hub_that_goes_away_for_good_is_told_and_what_has_come_is_kept(hub: Hub, tmp_path: Path) -> None:
    hub.cut_after = [1000, *[0] * ATTEMPTS]
    check_refused(hub, tmp_path, ModelError, "cannot be reached")
    assert next((tmp_path / ".unfinished").glob("*.part")).stat().st_size == 1000
    check_pulled(hub, tmp_path)


def test_other_bytes_than_promised_are_deleted_and_told(hub: Hub, tmp_path: Path) -> None:
    hub.wrong = True
    check_refused(hub, tmp_path, ModelError, "checksum is not the one")
    assert not list((tmp_path / ".unfinished").glob("*.part"))
    hub.wrong = False
    check_pulled(hub, tmp_path)


def test_more_bytes_than_promised_are_deleted_and_told(hub: Hub, tmp_path: Path) -> None:
    hub.longer = True
    check_refused(hub, tmp_path, ModelError, "longer than the hub had said")
    hub.longer = False
    check_pulled(hub, tmp_path)


def test_an_unfinished_file_that_was_damaged_is_not_believed(hub: Hub, tmp_path: Path) -> None:
    hub.cut_after = [1000, *[0] * ATTEMPTS]
    check_refused(hub, tmp_path, ModelError, "cannot be reached")
    part = next((tmp_path / ".unfinished").glob("*.part"))
    part.write_bytes(b"\0" * 1000)
    check_refused(hub, tmp_path, ModelError, "checksum is not the one")
    check_pulled(hub, tmp_path)


def test_a_disk_without_room_is_told_before_anything_is_downloaded(hub: Hub, tmp_path: Path) -> None:
    told = check_refused(hub, tmp_path, StateError, "There is no room", spare_bytes=2**62)
    assert "GB are free" in told.why
    assert hub.ranges_asked == []


def test_a_disk_that_fills_up_meanwhile_is_told_and_what_has_come_is_kept(hub: Hub, tmp_path: Path) -> None:
    def full(what: str, done: int, of: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StateError, match=r"There is no room.*No space left on device.*is kept"):
        pull(find(hub)[0], tmp_path, full, spare_bytes=0)
    check_pulled(hub, tmp_path)


def test_a_folder_that_cannot_be_made_is_told(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(StateError, match="cannot be written"):
        pull(find(hub)[0], tmp_path / "models", lambda *_: None, spare_bytes=0)


def test_two_processes_do_not_download_the_same_file(hub: Hub, tmp_path: Path) -> None:
    (file,) = find(hub)
    (tmp_path / ".unfinished").mkdir()
    with FileLock(tmp_path / ".unfinished" / f"{file.sha256}.lock"):
        check_refused(hub, tmp_path, InputError, "downloaded by another CodeLab")


@pytest.mark.req("SAFE-7")
def test_a_token_goes_to_the_hub_and_not_to_its_storage(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_canary")
    check_pulled(hub, tmp_path)
    assert set(hub.tokens) == {"Bearer hf_canary"}
    assert set(hub.storage_tokens) == {""}
    assert "canary" not in repr(find(hub))
