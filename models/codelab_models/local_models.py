"""Models that are files on this machine: how they are named, and where they are looked for.

``gguf:/path/to/file.gguf`` names a file; ``local/NAME`` one in a folder for models, without its ending.
``sentence-transformers:NAME`` is an embedder in an ONNX file, see ``sentence_models``.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, failure
from codelab_models.gguf import is_later_part, without_part
from codelab_models.sentence_models import BY_LIBRARY, is_sentence_model, sentence_file

BY_PATH = "gguf:"
BY_NAME = "local/"
ENDING = ".gguf"

USUAL_FOLDERS = (
    "models",
    ".lmstudio/models",
    ".cache/lm-studio/models",
    ".cache/llama.cpp",
    ".cache/huggingface/hub",
    ".local/share/nomic.ai/GPT4All",
    "Library/Caches/llama.cpp",
)
"""Where programs keep GGUF files, from the person's home folder."""

FOLDERS_LOOKED_AT = 2000


def is_local(model: str) -> bool:
    """Tell whether a name means a file on this machine."""
    return model.startswith((BY_PATH, BY_NAME, BY_LIBRARY))


def model_folders(home: Path, own: Path, more: Sequence[str]) -> tuple[Path, ...]:
    """Return the folders for models, those that the person named first.

    Args:
        home: The person's home folder.
        own: CodeLab's own.
        more: The setting ``models.local_folders``.
    """
    named = (Path(folder).expanduser() for folder in more)
    return (*named, own, *(home / folder for folder in USUAL_FOLDERS))


def files_in(folders: Sequence[Path], most: int) -> Iterator[Path]:
    """Yield the GGUF files in folders that hold a model of their own, in the order of the folders.

    Args:
        folders: They and what is below them, at most 2,000 folders in all.
        most: Most files.
    """
    looked_at = found = 0
    seen: set[str] = set()
    for folder in folders:
        for here, below, names in os.walk(folder):
            below.sort()
            looked_at += 1
            if looked_at > FOLDERS_LOOKED_AT:
                return
            for name in sorted(names):
                path = Path(here) / name
                real = os.path.realpath(path)
                lowered = name.lower()
                if not lowered.endswith(ENDING) or "mmproj" in lowered or is_later_part(path) or real in seen:
                    continue
                seen.add(real)
                yield path
                found += 1
                if found == most:
                    return


def short_name(path: Path) -> str:
    """Return the name of a file in a folder for models, as ``local/NAME``."""
    return BY_NAME + without_part(path.stem)


def path_of(model: str, folders: Sequence[Path]) -> Path:
    """Return the file that a name means; one that is named by its path need not be there.

    Raises:
        ModelError: The path is not absolute, or no folder has a file of that name; an embedder is not there.
    """
    if is_sentence_model(model):
        return sentence_file(model, folders)
    if model.startswith(BY_PATH):
        path = Path(model.removeprefix(BY_PATH)).expanduser()
        if not path.is_absolute():
            raise _none(f"{model!r} names no file", "The path does not begin at the root")
        return path
    wanted = model.removeprefix(BY_NAME).removesuffix(ENDING)
    names: list[str] = []
    for path in files_in(folders, 1000):
        if wanted in (path.stem, without_part(path.stem)):
            return path
        names.append(without_part(path.stem))
    there = ", ".join(names[:5])
    raise _none(f"There is no model file {wanted!r}", f"There are {there}" if there else "No folder has any")


def _none(what: str, why: str) -> ModelError:
    fix = "Name the file itself, as `gguf:/path/to/file.gguf`, or its folder in `models.local_folders`"
    return failure(FailureKind.UNKNOWN_MODEL, what, why=why, fix=fix)
