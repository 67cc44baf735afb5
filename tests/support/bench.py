"""A real workbench on a folder of files, answered by a scripted model."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from codelab.cli.compose import open_workbench
from codelab.workbench.types import ApprovalView, BufferEdit, FaceInfo, Verdict
from codelab.workbench.workbench import Workbench
from codelab.workspace.edits import apply_text_edits
from tests.support.model_server import ScriptedModel

PAYMENTS = """\
def pay(amount):
    return charge(amount)


def charge(amount):
    \"\"\"Take an amount from the card.\"\"\"
    return {"charged": amount}
"""


def write_files(root: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder and return it."""
    for name, text in files.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
    root.mkdir(parents=True, exist_ok=True)
    return root


def configure(model: ScriptedModel | None = None, more: str = "") -> None:
    """Write the person's config.toml: the scripted model as endpoint, and more settings as TOML text."""
    config = Path(os.environ["CODELAB_HOME"]) / "config" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    models = f'[models]\nendpoint = "{model.base_url}"\nchat = "scripted"\n' if model is not None else ""
    config.write_text(f"{models}{more}", encoding="utf-8")


@asynccontextmanager
async def bench_on(
    root: Path, *, client: str = "tests", can_prompt: bool = False
) -> AsyncIterator[Workbench]:
    """Open the workbench as one more face."""
    bench = await open_workbench(root, FaceInfo("cli", client, can_prompt=can_prompt))
    try:
        yield bench
    finally:
        await bench.close()


class Person:
    """Someone in front of a face: answers each approval with the next verdict."""

    def __init__(self, bench: Workbench, *verdicts: Verdict | tuple[Verdict, str] | None) -> None:
        self.bench = bench
        self.verdicts = list(verdicts)
        self.shown: list[ApprovalView] = []
        self.asked = asyncio.Event()

    async def __call__(self, approval: ApprovalView) -> None:
        """Answer; a verdict of None, or none left, leaves the prompt open.

        A verdict may be a pair: with a no the reason, with an edit the text, with a yes ``"always"``.
        """
        self.shown.append(approval)
        self.asked.set()
        verdict = self.verdicts.pop(0) if self.verdicts else None
        if verdict is None:
            async with self.bench.in_front(approval.id):
                await asyncio.Event().wait()
        elif isinstance(verdict, tuple):
            kind, said = verdict
            reason, text = (said, "") if kind is Verdict.REJECTED else ("", said)
            always = kind is Verdict.APPROVED and said == "always"
            await self.bench.decide(approval.id, kind, reason=reason, text=text, always=always)
        else:
            await self.bench.decide(approval.id, verdict)


class BufferEditor:
    """An editor with open buffers, which applies edits as an editor would, or refuses them."""

    def __init__(self, bench: Workbench, *, refuses: bool = False) -> None:
        self.bench = bench
        self.refuses = refuses
        self.buffers: dict[str, str] = {}

    def type(self, path: str, text: str) -> None:
        """Open a file with this text, or replace what is in its buffer."""
        self.buffers[path] = text
        self.bench.buffer_shown(path, text)

    async def apply(self, edit: BufferEdit) -> bool:
        """Change a buffer."""
        if self.refuses or self.buffers.get(edit.path) != edit.before:
            return False
        self.type(edit.path, apply_text_edits(edit.before, edit.edits))
        return True
