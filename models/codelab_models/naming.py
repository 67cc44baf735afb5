"""From what a person types to the name of a model as a setting has it."""

from collections.abc import Sequence
from pathlib import Path

from codelab.core.errors import InputError
from codelab_models.failures import one_line
from codelab_models.local_models import BY_NAME, BY_PATH, ENDING, path_of
from codelab_models.unknown import unknown_model

AUTO = "auto"
"""Value of a role's setting that takes the best of what is found on this machine."""

EDITOR = "editor"
"""Name of the model that the client lends; what follows a slash names one of several."""

NOTHING = ("", "none")


def as_setting(role: str, model: str, folders: Sequence[Path]) -> str:
    """Return the value of a role's setting.

    Args:
        role: ``chat``, ``planning``, ``code``, ``fast`` or ``embedding``.
        model: As typed: litellm's name, a GGUF file, ``auto``, or ``none``.
        folders: Where models named ``local/NAME`` are.

    Raises:
        InputError: There is no such file.
        NoModel: No provider can have a model of that name, or no folder has it.
    """
    typed = model.strip()
    if typed in NOTHING:
        return "none" if role == "embedding" and typed else ""
    if typed.startswith(BY_NAME):
        path_of(typed, folders)
        return typed.removesuffix(ENDING)
    path = Path(typed.removeprefix(BY_PATH)).expanduser()
    if typed.startswith(BY_PATH) or typed.lower().endswith(ENDING):
        if not path.is_file():
            raise InputError(
                f"There is no file {one_line(str(path))}",
                fix="`codelab models` shows the GGUF files that are there; `codelab models pull` gets one",
            )
        return of_file(path.absolute())
    if unknown := unknown_model(typed):
        raise unknown
    return typed


def file_named(model: str) -> Path | None:
    """Return the GGUF file that a setting names by its path, or None if it names none."""
    return Path(model.removeprefix(BY_PATH)).expanduser() if model.startswith(BY_PATH) else None


def of_file(path: Path) -> str:
    """Return the name by which a setting means a GGUF file."""
    return f"{BY_PATH}{path}"
