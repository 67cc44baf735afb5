"""Paths from models and people, judged as text: relative to the workspace and inside it."""

import os
import re
from pathlib import Path, PurePosixPath

from codelab.core.errors import PathRefused

_DEVICES = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.I)


def relative(root: Path, text: str, *, windows: bool = os.name == "nt") -> str:
    """Return a path from a model or a person as one relative to the workspace.

    Nothing is opened: that a part of it is a link is found out when it is.

    Args:
        root: The workspace, resolved.
        text: An absolute path inside the workspace, or a relative one.
        windows: Refuse what Windows does not take for a plain file, too.

    Returns:
        The path with forward slashes and without ``.`` and ``..``; ``.`` for the root itself.

    Raises:
        PathRefused: It leads out of the workspace or cannot name a file.
    """
    if not text.strip():
        raise refused(text, "It is empty")
    if "\0" in text:
        raise refused(text, "It contains a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise refused(text, "It contains characters that cannot be encoded") from None
    plain = text.replace("\\", "/") if windows else text
    if plain == "~" or plain.startswith("~/"):
        raise refused(text, "A home folder is outside the workspace")
    if _is_absolute(plain, windows=windows):
        plain = _below(root, plain, text)
    parts: list[str] = []
    for part in plain.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            if not parts:
                raise refused(text, "It leads out of the workspace")
            parts.pop()
        else:
            parts.append(part)
    if windows:
        _refuse_windows_names(parts, text)
    return str(PurePosixPath(*parts)) if parts else "."


def _is_absolute(plain: str, *, windows: bool) -> bool:
    return plain.startswith("/") or (windows and bool(re.match(r"[A-Za-z]:", plain)))


def _below(root: Path, plain: str, text: str) -> str:
    """Return the part of an absolute path below the root, comparing whole parts of the paths."""
    fold = os.path.normcase
    wanted = os.path.normpath(plain)
    for base in (str(root), str(root.resolve())):
        prefix = base.rstrip("/\\") + os.sep
        if fold(wanted) == fold(base):
            return "."
        if fold(wanted).startswith(fold(prefix)):
            return wanted[len(prefix) :].replace(os.sep, "/")
    raise refused(text, "It is outside the workspace")


def _refuse_windows_names(parts: list[str], text: str) -> None:
    for part in parts:
        if _DEVICES.fullmatch(part.rstrip(" .")):
            raise refused(text, f"{part} names a device")
        if part != part.rstrip(" ."):
            raise refused(text, "A part of it ends in a dot or a space, which Windows drops")
        if any(character in part for character in '<>:"|?*') or any(ord(c) < 32 for c in part):
            raise refused(text, "It contains characters that Windows gives another meaning")


def refused(path: str, why: str) -> PathRefused:
    """Return the error for a path that does not name a file inside the workspace, and why."""
    return PathRefused(f"The path {path!r} is refused", why=why, fix="Name a file inside the workspace")
