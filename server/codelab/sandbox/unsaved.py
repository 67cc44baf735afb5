"""Files that editors show and have not saved, put into a command's layer so that it sees them too."""

import shutil
from contextlib import suppress
from pathlib import Path

from codelab.sandbox.stage import Stage
from codelab.sandbox.types import Job


def lay_unsaved(stage: Stage, job: Job) -> None:
    """Write the unsaved files to the layer of a command that has not started.

    Nobody but us has written to the layer yet, so paths can be followed. Folders and files get the rights
    that they have in the workspace.
    """
    for path, data in job.unsaved.items():
        target = stage.upper
        for part in Path(path).parent.parts:
            target /= part
            if not target.exists():
                target.mkdir()
                _copy_rights(job.root / target.relative_to(stage.upper), target)
        file = stage.upper / path
        file.write_bytes(data)
        _copy_rights(job.root / path, file)


def _copy_rights(source: Path, target: Path) -> None:
    with suppress(OSError):  # what no editor has saved yet is not there
        shutil.copymode(source, target, follow_symlinks=False)
