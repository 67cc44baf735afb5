"""Text in a workspace that its authors did not write: installed packages and copies of other projects."""

from codelab.workspace.folding import folded

_FOLDERS = frozenset(
    {
        *("node_modules", "bower_components", "jspm_packages", "site-packages", "dist-packages"),
        *(".venv", "venv", "virtualenv", ".tox", ".nox", "__pypackages__", ".eggs"),
        *("vendor", "third_party", "third-party", "thirdparty", "external", "pods", "carthage"),
        *(".cargo", ".gradle", ".m2", ".yarn", "deps", "elm-stuff"),
    }
)


def is_foreign(path: str) -> bool:
    """Tell whether a file lies in a folder of packages or of copies of other projects.

    Args:
        path: Relative to the workspace root, with forward slashes.
    """
    return any(part in _FOLDERS for part in folded(path).split("/")[:-1])
