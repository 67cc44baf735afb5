"""Editing a text in the person's own editor."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from codelab.core.errors import InputError
from codelab.core.wording import cause_of

_USUAL = "notepad" if os.name == "nt" else "vi"


def edit_in_editor(text: str, name: str) -> str:
    """Open a text in the person's editor and return what they made of it.

    Line ends and the absence of a last one stay as the editor leaves them.

    Args:
        text: The text.
        name: A file name, by which the editor knows the language.

    Raises:
        InputError: There is no such editor, it failed, or what it left is not UTF-8.
    """
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR") or _USUAL
    fix = "Set VISUAL or EDITOR to your editor"
    with tempfile.TemporaryDirectory(prefix="codelab-edit-") as folder:
        file = Path(folder) / Path(name).name
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            code = subprocess.run([*shlex.split(chosen), str(file)], check=False).returncode
            if code:
                raise InputError(f"{chosen} ended with status {code}", fix="Nothing was answered; try again")
            return file.read_bytes().decode()
        except UnicodeDecodeError as error:
            raise InputError(
                "The edited text is not UTF-8", why=str(error), fix="Save it as UTF-8"
            ) from error
        except (OSError, ValueError) as error:
            raise InputError(f"{chosen} cannot be started", why=cause_of(error), fix=fix) from error
