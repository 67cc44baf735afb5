"""What the host needs from elsewhere, and how that is: for ``/health``."""

import importlib.util
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from codelab.core.errors import ModelError
from codelab_models.host.asking import Means

_OPTIONAL = {"llama_cpp": "llama_cpp_python", "onnxruntime": "onnxruntime", "keyring": "keyring"}
"""Modules that may be missing, with their packages: for GGUF and ONNX files, and the keyring."""


def dependencies(means: Means) -> dict[str, dict[str, Any]]:
    """Return each dependency with its state: ``ready``, ``loading``, ``absent`` or ``failed``, and why.

    Nothing is imported and nothing is waited for.
    """
    library = means.library
    state = "ready" if library.ready else "failed" if library.error else "loading"
    found: dict[str, dict[str, Any]] = {
        "litellm": {**_said(state, library.error), "version": _version("litellm")}
    }
    for module, package in _OPTIONAL.items():
        there = importlib.util.find_spec(module) is not None
        found[module] = {**_said("ready" if there else "absent"), "version": _version(package)}
    return {**found, "accounts": _accounts(means), "kept_answers": _said(*_kept(means))}


def _accounts(means: Means) -> dict[str, Any]:
    try:
        means.ledger.requests_since(time.time())
    except ModelError as error:
        return _said("failed", error.why)
    return _said("ready")


def _kept(means: Means) -> tuple[str, str]:
    return ("ready", "") if means.kept.usable else ("failed", "Its file cannot be used, so nothing is kept")


def _said(state: str, why: str = "") -> dict[str, Any]:
    return {"state": state, **({"why": why} if why else {})}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
