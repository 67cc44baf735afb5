"""``codelab.search``: find passages."""

import dataclasses
from dataclasses import dataclass

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from codelab.index.types import Hit
from codelab.lsp.commands.arguments import read_arguments
from codelab.lsp.documents import open_document
from codelab.lsp.face import LspFace
from codelab.lsp.paths import uri_of

_MOST = 100


@dataclass(frozen=True, slots=True)
class SearchArguments:
    """A query and its filters: ``path`` is a glob, empty ones match all."""

    query: str
    limit: int = 10
    path: str = ""
    language: str = ""
    kind: str = ""
    show: bool = True


async def search(face: LspFace, params: types.ExecuteCommandParams) -> object:
    """Search; returns the passages, best first."""
    given = read_arguments(params, SearchArguments)
    if not 1 <= given.limit <= _MOST:
        raise JsonRpcInvalidParams(f"codelab.search wants a limit from 1 to {_MOST}.")
    workbench = await face.workbench()
    hits = await workbench.search(
        given.query, limit=given.limit, path=given.path, language=given.language, kind=given.kind
    )
    if given.show:
        await open_document(face, "search.md", _page(face, given.query, hits))
    return [dataclasses.asdict(hit) for hit in hits]


def _page(face: LspFace, query: str, hits: list[Hit]) -> str:
    if not hits or face.root is None:
        return f"# {query}\n\nNothing was found.\n"
    lines = (
        f"- [{hit.span}]({uri_of(face.root, hit.path)}#L{hit.start_line}) {hit.kind} {hit.symbol}".rstrip()
        for hit in hits
    )
    return f"# {query}\n\n" + "\n".join(lines) + "\n"
