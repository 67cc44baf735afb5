"""The hub of models: which file a person means, where it is, how large it is, and its checksum."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from types import ModuleType

from codelab.core.errors import InputError, ModelError
from codelab_models.failures import FailureKind, failure, one_line

SECONDS = 20.0
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PART = re.compile(r"-00001-of-(\d{5})\.gguf$")
_PREFIXES = re.compile(r"^(https?://)?(www\.)?(huggingface\.co|hf\.co)/")
_BRANCH = re.compile(r"/(resolve|blob)/main/")
_INSIDE = re.compile(r"(?:(?!\.\.?/)[^/\\\0]+/)*[^/\\\0]+\.gguf")  # no way out of the folder for models
_NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class KnownDownload:
    """A model that can be pulled by a short name.

    Attributes:
        name: The short name.
        repository: ``owner/name`` on the hub.
        file: The file in it.
        roles: What it is good for.
        memory_gb: A machine of so much memory runs it sensibly.
    """

    name: str
    repository: str
    file: str
    roles: tuple[str, ...]
    memory_gb: int


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file on the hub.

    Attributes:
        repository: ``owner/name``.
        name: The file's path in it.
        url: Where its bytes are, at the commit that was looked at.
        size: In bytes.
        sha256: What the hub says that it must hash to.
        headers: To send along to the hub; they may hold a token.
    """

    repository: str
    name: str
    url: str
    size: int
    sha256: str
    headers: Mapping[str, str] = field(repr=False)


@lru_cache(maxsize=1)
def known_downloads() -> tuple[KnownDownload, ...]:
    """Return the models that have short names."""
    text = (files("codelab_models") / "downloads.toml").read_text("utf-8")
    return tuple(
        KnownDownload(one["name"], one["repository"], one["file"], tuple(one["roles"]), one["memory_gb"])
        for one in tomllib.loads(text)["model"]
    )


def find_on_hub(name: str, environ: Mapping[str, str]) -> list[HubFile]:
    """Find what a person wants to pull.

    Args:
        name: A short name, ``owner/repository/file.gguf``, ``owner/repository:Q4_K_M``, or the URL of either.
        environ: ``HF_ENDPOINT`` names another hub; a token is where huggingface_hub looks for it.

    Returns:
        The file, or all parts of one that is in parts.

    Raises:
        InputError: There is no such name, repository or file.
        ModelError: The hub cannot be reached, refuses, or gives no checksum.
    """
    repository, file = _named(name)
    endpoint = (environ.get("HF_ENDPOINT") or "").rstrip("/") or None
    with _told(repository, file, endpoint):
        if not file.endswith(".gguf"):
            file = _only_file(repository, file, endpoint)
        return [_file(repository, part, endpoint) for part in _parts(file)]


def _named(name: str) -> tuple[str, str]:
    """Return the repository, and the file in it or the kind of file that is wanted."""
    for known in known_downloads():
        if name.lower() == known.name:
            return known.repository, known.file
    said = _BRANCH.sub("/", _PREFIXES.sub("", name.strip())).partition("?")[0].strip("/")
    parts = said.split("/")
    if len(parts) < 2 or not all(re.fullmatch(r"[\w.:@+-][\w.:@+ -]*", part) for part in parts):
        names = ", ".join(known.name for known in known_downloads())
        raise InputError(
            f"There is no model {one_line(name)!r} to pull",
            why=f"Known by name are {names}",
            fix="Name one of these, or a file on the hub as `owner/repository/file.gguf`",
        )
    if len(parts) > 2:
        return "/".join(parts[:2]), "/".join(parts[2:])
    repository, _, kind = said.partition(":")
    return repository, kind


def _only_file(repository: str, kind: str, endpoint: str | None) -> str:
    """Return the one GGUF file of a repository whose name has the kind in it."""
    names = _gguf_names(repository, endpoint)
    fitting = [name for name in names if kind.lower() in name.lower()]
    if len(fitting) == 1:
        return fitting[0]
    which = f"no GGUF file {kind!r}" if not fitting else f"{len(fitting)} GGUF files"
    raise _choose(repository, which, fitting or names)


def _choose(repository: str, which: str, names: list[str]) -> InputError:
    shown = ", ".join(names[:_NAMES_SHOWN]) + (" and more" if len(names) > _NAMES_SHOWN else "")
    return InputError(
        f"{repository} has {which}",
        why=f"It has {shown}" if names else "It has no GGUF files at all",
        fix=f"Name the file: `codelab models pull {repository}/{names[0] if names else 'FILE.gguf'}`",
    )


def _gguf_names(repository: str, endpoint: str | None) -> list[str]:
    names = _library().HfApi(endpoint=endpoint).list_repo_files(repository)
    models = [name for name in names if name.endswith(".gguf") and "mmproj" not in name.lower()]
    return sorted(name for name in models if _PART.search(name) or not re.search(r"-of-\d{5}\.gguf$", name))


def _parts(file: str) -> list[str]:
    found = _PART.search(file)
    if found is None:
        return [file]
    begin = file[: found.start()]
    return [f"{begin}-{number:05}-of-{found[1]}.gguf" for number in range(1, int(found[1]) + 1)]


def _file(repository: str, name: str, endpoint: str | None) -> HubFile:
    library = _library()
    if not _INSIDE.fullmatch(name):
        raise InputError(f"{one_line(name)!r} is no name of a file in {repository}", fix="Name a GGUF file")
    url = library.hf_hub_url(repository, name, endpoint=endpoint)
    told = library.get_hf_file_metadata(url, timeout=SECONDS, endpoint=endpoint)
    if not told.size or not told.etag or not _SHA256.fullmatch(told.etag):
        raise failure(
            FailureKind.GARBAGE,
            f"The hub gives no size and checksum for {repository}/{name}",
            why="Without them a download cannot be verified",
            fix="Check HF_ENDPOINT, or download the file by other means",
        )
    fixed = library.hf_hub_url(repository, name, revision=told.commit_hash, endpoint=endpoint)
    return HubFile(repository, name, fixed, told.size, told.etag, library.utils.build_hf_headers())


def _library() -> ModuleType:
    """Return huggingface_hub, which else asks its makers' hub about itself, whatever hub is meant."""
    import huggingface_hub
    from huggingface_hub import constants

    constants.HF_HUB_DISABLE_TELEMETRY = True
    return huggingface_hub


@contextmanager
def _told(repository: str, file: str, endpoint: str | None) -> Iterator[None]:
    """Turn what huggingface_hub and httpx raise into errors that a person understands."""
    import httpx
    from huggingface_hub import errors

    where = endpoint or "the hub"
    try:
        yield
    except (errors.GatedRepoError, errors.DisabledRepoError) as error:
        raise failure(
            FailureKind.KEY,
            f"{repository} is only for people whom its owner has let in",
            fix="Ask for access on the hub's page, then set HF_TOKEN to your token",
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise InputError(
            f"{where} has no repository {repository}, or it is private",
            fix="Check its name; for a private one set HF_TOKEN to your token",
        ) from error
    except errors.RemoteEntryNotFoundError as error:
        raise _choose(repository, f"no file {file}", _gguf_names(repository, endpoint)) from error
    except errors.OfflineModeIsEnabled as error:
        what = "Nothing is pulled: HF_HUB_OFFLINE is set"
        raise failure(FailureKind.UNREACHABLE, what, fix="Take it out of the environment") from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        kind = FailureKind.BUSY if status == 429 else FailureKind.KEY if status == 401 else FailureKind.SERVER
        fix = "Check HF_TOKEN" if status == 401 else "Try again later; what is there already is kept"
        raise failure(kind, f"{where} refuses", why=f"It answered with status {status}", fix=fix) from error
    except errors.HFValidationError as error:
        raise InputError(f"{repository!r} is no name of a repository", why=one_line(str(error))) from error
    except (httpx.HTTPError, OSError) as error:
        raise hub_unreachable(where, error) from error


def hub_unreachable(where: str, error: Exception) -> ModelError:
    """Return the failure of a hub to which there is no connection."""
    return failure(
        FailureKind.UNREACHABLE,
        f"{'The hub' if where == 'the hub' else where} cannot be reached",
        why=one_line(str(error)) or type(error).__name__,
        fix="Check the connection, or HF_ENDPOINT; what is there already is kept",
    )
