"""The MCP face: one workbench, opened at the first call, and the runs that it drives."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp_types import ListRootsRequest, ListRootsResult

from codelab.core.errors import CodeLabError, NotFound
from codelab.workbench.types import ApprovalView, FaceInfo
from codelab_mcp.lent_model import lent_model
from codelab_mcp.watched import WatchedRun

if TYPE_CHECKING:
    from codelab.workbench.handle import RunHandle
    from codelab.workbench.workbench import Workbench

OpenWorkbench = Callable[[Path, FaceInfo], Awaitable["Workbench"]]

_RUNS_KEPT = 32


class McpFace:
    """What the tools share.

    Args:
        open_workbench: Opens the workbench of a workspace.
        root: The workspace that the person named, or None to ask the client.
        find_default: Finds a workspace where neither names one.
    """

    def __init__(
        self, open_workbench: OpenWorkbench, root: Path | None, find_default: Callable[[], Path]
    ) -> None:
        self._open_workbench = open_workbench
        self._root = root
        self._find_default = find_default
        self._opening: asyncio.Task[Workbench] | None = None
        self._finding_root = asyncio.Lock()
        self._runs: dict[str, WatchedRun] = {}
        self._stopping: asyncio.Task[None] | None = None
        self.client_left = False

    async def workbench(self, ctx: Context) -> "Workbench":
        """Return the workbench; the first call opens it, knowing by then who the client is.

        Raises:
            CodeLabError: The workspace cannot be opened; the next call tries again.
        """
        async with self._finding_root:
            failed = (
                self._opening is not None and self._opening.done() and self._opening.exception() is not None
            )
            if self._opening is None or failed:
                root = self._root or await _client_root(ctx) or self._find_default()
                client = _client_name(ctx)
                model, profile = lent_model(ctx, client)
                info = FaceInfo("mcp", client, can_prompt=False, model=model, model_profile=profile)
                self._opening = asyncio.create_task(self._open(root, info, asks=can_elicit(ctx)))
        return await asyncio.shield(self._opening)

    async def _open(self, root: Path, info: FaceInfo, *, asks: bool) -> "Workbench":
        bench = await self._open_workbench(root, info)
        if asks:
            bench.attach(prompter=self._prompt)
        return bench

    async def _prompt(self, approval: ApprovalView) -> None:
        """Hold an approval of one of this face's runs until the client has put it to the person."""
        bench = await asyncio.shield(self._opened())
        answer = await self._watched(approval.run).put(approval, bench.in_front)
        await bench.decide(
            approval.id, answer.verdict, reason=answer.reason, text=answer.text, always=answer.always
        )

    async def _opened(self) -> "Workbench":
        if self._opening is None:  # an approval can only come from an open workbench
            raise NotFound("No workspace is open")
        return await self._opening

    async def start(self, starting: "Coroutine[object, object, RunHandle]") -> tuple[str, WatchedRun]:
        """Start a run and follow it; when the call is cancelled meanwhile the run is stopped as it starts.

        Returns:
            The run's id, and the run.
        """
        task = asyncio.create_task(starting)
        try:
            handle = await asyncio.shield(task)
        except asyncio.CancelledError:
            if not self.client_left:
                self._stopping = asyncio.create_task(self._stop_started(task))
            raise
        return handle.run, self.watch(handle)

    async def _stop_started(self, task: "asyncio.Task[RunHandle]") -> None:
        with contextlib.suppress(CodeLabError):
            handle = await task
            await (await self._opened()).stop(handle.run)

    def watch(self, handle: "RunHandle") -> WatchedRun:
        """Follow a run from now on, whether or not a call waits for it."""
        watched = self._watched(handle.run)
        watched.follow(handle)
        return watched

    def find(self, run: str) -> WatchedRun | None:
        """Return a run that this face has driven, or None."""
        return self._runs.get(run)

    def _watched(self, run: str) -> WatchedRun:
        if run not in self._runs:
            ended = [name for name, watched in self._runs.items() if watched.result is not None]
            for name in ended[: max(0, len(self._runs) - _RUNS_KEPT)]:
                del self._runs[name]
            self._runs[run] = WatchedRun()
        return self._runs[run]

    async def close(self) -> None:
        """Close the workbench if it was opened; its runs become paused."""
        if self._opening is None:
            return
        await asyncio.wait({self._opening})
        if self._opening.cancelled() or self._opening.exception() is not None:
            return  # it never opened, which the call that wanted it has told
        await self._opening.result().close()
        for watched in self._runs.values():
            await watched.close()


def can_elicit(ctx: Context) -> bool:
    """Tell whether the client can put a form before the person."""
    capabilities = ctx.client_capabilities
    elicitation = capabilities.elicitation if capabilities is not None else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def _client_name(ctx: Context) -> str:
    params = ctx.session.client_params
    return params.client_info.name if params is not None else "an MCP client"


async def _client_root(ctx: Context) -> Path | None:
    """Return the first folder that the client names as a root, where its protocol revision can be asked."""
    capabilities = ctx.client_capabilities
    if capabilities is None or capabilities.roots is None or not ctx.session.can_send_request:
        return None
    try:
        listed = await ctx.session.send_request(ListRootsRequest(), ListRootsResult)
    except MCPError:
        return None
    folders = (_folder(str(root.uri)) for root in listed.roots)
    return next((folder for folder in folders if folder is not None and folder.is_dir()), None)


def _folder(uri: str) -> Path | None:
    parts = urlsplit(uri)
    if parts.scheme != "file" or unquote(parts.netloc) not in ("", "localhost"):
        return None
    return Path(url2pathname(parts.path))
