"""Embedders of the sentence-transformers kind on this machine: where they are, and how they are to be used.

``sentence-transformers:NAME`` names one as the Hugging Face hub does, ``sentence-transformers:/path`` its
folder, or one of several ONNX files in it. It is computed by onnxruntime from its ONNX file; PyTorch is not
needed, and nothing is downloaded.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, failure, one_line

BY_LIBRARY = "sentence-transformers:"
ONNX = ".onnx"

_USUAL_OWNER = "sentence-transformers"
_FILES = ("onnx/model.onnx", "model.onnx")
_MOST_TOKENS = 2048
_USUAL_TOKENS = 512
_POOLINGS = {"cls_token": "cls", "mean_tokens": "mean", "lasttoken": "lasttoken"}
_KNOWN_MODULES = frozenset(("Transformer", "Pooling", "Normalize"))
_PASSAGE_PROMPTS = ("document", "passage", "corpus")


@dataclass(frozen=True, slots=True)
class SentenceModel:
    """What is known of an embedder from its files.

    Attributes:
        file: Its ONNX file.
        tokenizer: Its ``tokenizer.json``.
        pooling: How the vectors of its tokens become one: ``mean``, ``cls`` (the first) or ``lasttoken``.
        tokens: Most tokens of a text; what is longer is cut.
        query: What it wants to be written before each query; may be empty.
        passage: The same before each passage.
        size_bytes: Of the ONNX file and what lies beside it for it.
    """

    file: Path
    tokenizer: Path
    pooling: str
    tokens: int
    query: str
    passage: str
    size_bytes: int


def is_sentence_model(model: str) -> bool:
    """Tell whether a name means an embedder of this kind."""
    return model.startswith(BY_LIBRARY)


def sentence_file(model: str, folders: Sequence[Path]) -> Path:
    """Return the ONNX file that a name means.

    Args:
        model: With ``sentence-transformers:`` before it.
        folders: Where models are looked for, the Hugging Face hub's cache among them.

    Raises:
        ModelError: There is no such folder, or no ONNX file in it.
    """
    name = model.removeprefix(BY_LIBRARY)
    path = Path(name).expanduser()
    if path.is_absolute():
        if path.suffix == ONNX and path.is_file():
            return path
        found = path if path.is_dir() else None
    else:
        found = next((one for one in _possible(name, folders) if one.is_dir()), None)
    shown = one_line(name)
    if found is None:
        fix = "Name its folder, as `sentence-transformers:/path/to/folder`, or get it"
        if not path.is_absolute():
            fix += f" from the hub: `hf download {_on_the_hub(shown)}`"
        raise failure(
            FailureKind.UNKNOWN_MODEL,
            f"There is no embedder {shown!r} on this machine",
            why="No folder for models has it, nor the Hugging Face hub's cache",
            fix=fix,
        )
    for file in _FILES:
        if (found / file).is_file():
            return found / file
    raise failure(
        FailureKind.UNKNOWN_MODEL,
        f"The embedder {shown!r} has no ONNX file",
        why=f"{found} has neither {' nor '.join(_FILES)}",
        fix="Get it from the hub where it is there (`hf download NAME onnx/model.onnx`), or make it with "
        "`optimum-cli export onnx`; another file is named by its path",
    )


def _on_the_hub(name: str) -> str:
    return name if "/" in name else f"{_USUAL_OWNER}/{name}"


def _possible(name: str, folders: Sequence[Path]) -> Iterator[Path]:
    """Yield where a model may lie: in a folder of its name, or in one as the hub's cache names it."""
    owner, _, last = _on_the_hub(name).rpartition("/")
    for folder in folders:
        yield folder / name
        yield folder / owner / last
        cached = folder / f"models--{owner}--{last}"
        try:
            yield cached / "snapshots" / (cached / "refs" / "main").read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            continue


def read_sentence_model(file: Path) -> SentenceModel:
    """Read how an embedder is to be used from the files that sentence-transformers writes beside it.

    Args:
        file: Its ONNX file.

    Raises:
        ModelError: A file of it is missing or damaged, or it has parts that are not understood.
    """
    folder = file.parent.parent if file.parent.name == "onnx" else file.parent
    tokenizer = folder / "tokenizer.json"
    if not tokenizer.is_file():
        raise _unusable(file, f"{tokenizer} is not there", "Get the whole folder of the model")
    pooling = "mean"
    for module in _modules(folder / "modules.json"):
        kind = str(module.get("type", "")).rpartition(".")[2]
        if kind not in _KNOWN_MODULES:
            raise _unusable(file, f"It has a part of the kind {one_line(kind)!r}", "Choose another model")
        if kind == "Pooling":
            pooling = _pooling(file, _settings_in(folder / str(module.get("path", "")) / "config.json"))
    prompts = _settings_in(folder / "config_sentence_transformers.json").get("prompts")
    prompts = prompts if isinstance(prompts, dict) else {}
    limits = (
        _settings_in(folder / "sentence_bert_config.json").get("max_seq_length"),
        _settings_in(folder / "tokenizer_config.json").get("model_max_length"),
    )
    tokens = next((one for one in limits if isinstance(one, int) and 0 < one < 10**6), _USUAL_TOKENS)
    return SentenceModel(
        file,
        tokenizer,
        pooling,
        min(tokens, _MOST_TOKENS),
        str(prompts.get("query") or ""),
        str(next((prompts[one] for one in _PASSAGE_PROMPTS if prompts.get(one)), "")),
        sum(one.stat().st_size for one in file.parent.glob(f"{file.name}*")),
    )


def _pooling(file: Path, config: dict[str, Any]) -> str:
    chosen = [mode for mode in _POOLINGS if config.get(f"pooling_mode_{mode}")]
    others = [one for one, on in config.items() if one.startswith("pooling_mode_") and on is True]
    if not others:  # as newer versions write it
        mode = str(config.get("pooling_mode", "mean"))
        if mode in _POOLINGS.values():
            return mode
        others = [mode]
    if len(others) > 1 or not chosen:
        joined = ", ".join(map(one_line, others))
        raise _unusable(file, f"Its vectors are joined by {joined}", "Choose another model")
    return _POOLINGS[chosen[0]]


def _read(path: Path) -> Any:
    """Return what a JSON file holds, or None where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        why = f"{path.name} cannot be read ({one_line(str(error))})"
        raise _unusable(path, why, "Get it again") from error


def _settings_in(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; it is empty where there is no file."""
    data = _read(path)
    if not isinstance(data, dict | None):
        raise _unusable(path, f"{path.name} holds no object", "Get it again")
    return data or {}


def _modules(path: Path) -> list[dict[str, Any]]:
    data = _read(path)
    if not isinstance(data, list | None) or not all(isinstance(one, dict) for one in data or ()):
        raise _unusable(path, f"{path.name} holds no list of objects", "Get it again")
    return data or []


def _unusable(file: Path, why: str, fix: str) -> ModelError:
    what = f"The embedder in {file.parent} cannot be used"
    return failure(FailureKind.UNKNOWN_MODEL, what, why=why, fix=fix)
