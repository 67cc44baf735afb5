"""Workspace paths, to and from the client's URIs."""

import os
from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path


def root_of(params: types.InitializeParams) -> Path | None:
    """Return the folder that the client opened (the first of several), or None where it opened none."""
    folders = params.workspace_folders or []
    uri = folders[0].uri if folders else params.root_uri
    path = to_fs_path(uri) if uri else params.root_path
    return Path(path) if path else None


def unserved_folders(params: types.InitializeParams) -> list[str]:
    """Return the names of the folders that the client opened beside the one that is served."""
    return [folder.name for folder in (params.workspace_folders or [])[1:]]


def path_in(root: Path, uri: str) -> str | None:
    """Return the path of a document relative to the root with forward slashes; None for one outside it.

    The client may spell the root through a symbolic link or the folder behind it.
    """
    name = to_fs_path(uri)
    if not name:
        return None
    for base, path in ((root, Path(name)), (root.resolve(), Path(os.path.realpath(name)))):
        if path != base and path.is_relative_to(base) and ".." not in path.parts:
            return path.relative_to(base).as_posix()
    return None


def uri_of(root: Path, path: str) -> str:
    """Return the URI of a workspace path."""
    return file_uri(root / path)


def file_uri(path: Path) -> str:
    """Return the URI of a file."""
    return from_fs_path(str(path)) or path.as_uri()
