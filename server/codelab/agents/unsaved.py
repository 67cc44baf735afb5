"""What editors show and have not saved, for the commands of a run."""

from codelab.agents.services import Services
from codelab.core.errors import CodeLabError
from codelab.workspace.secrets import is_secret


def unsaved_files(services: Services) -> dict[str, bytes]:
    """Return the bytes that saving each changed buffer of any editor of the workspace would write, by path.

    Files that hold secrets are left out: a command does not see them.
    """
    found: dict[str, bytes] = {}
    for path in services.overlay.buffers():
        try:
            viewed = services.view.read(path)
        except CodeLabError:
            continue  # it cannot be a file of the workspace any more
        if viewed.unsaved and not is_secret(path):
            found[path] = viewed.data
    return found
