"""The composition root, imported only when a workspace is opened: a face answers its client before that."""

import asyncio
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codelab.workbench.types import FaceInfo
    from codelab.workbench.workbench import Workbench


async def open_workbench(root: Path, face: "FaceInfo") -> "Workbench":
    """Open the workbench of a workspace; what it needs is imported in a thread.

    Args:
        root: The workspace's root.
        face: Who is connected.

    Raises:
        InputError: The root cannot be a workspace, or the person's settings are wrong.
        StateError: The databases cannot be used.
    """
    await asyncio.to_thread(importlib.import_module, "codelab.cli.compose")
    from codelab.cli import compose

    return await compose.open_workbench(root, face)
