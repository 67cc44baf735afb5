"""The answer of a workspace without a model: what the index finds, marked as found."""

from dataclasses import dataclass

from codelab.agents.run import ActiveRun
from codelab.core.events import ToolCalled, ToolReturned
from codelab.core.positions import LineSpan
from codelab.core.wording import counted
from codelab.index.types import Hit, Symbol

PASSAGES = 5
_MOST_LINES = 8  # of one passage; the place tells where the rest is
_MOST_OUTLINE = 12
_PARTS = frozenset(
    {"constant", "declaration", "field", "key", "member", "variable"}
)  # too small for an outline


@dataclass(frozen=True, slots=True)
class FoundAnswer:
    """A Markdown answer and the passages that it shows."""

    text: str
    sources: tuple[LineSpan, ...]


async def answer_from_index(run: ActiveRun) -> FoundAnswer:
    """Answer a question with the best passages, the symbols they belong to, and their outline."""
    call = f"{run.id}/search"
    await run.write(ToolCalled(run=run.id, call=call, tool="search_code", title="searching the index"))
    hits = await run.services.search(run.task, limit=PASSAGES, path="")
    await run.write(ToolReturned(run=run.id, call=call, ok=True, summary=f"{len(hits)} passages"))
    help_line = run.services.model_help
    if not hits:
        return FoundAnswer(
            "Nothing in the code matches this question "
            "(no model is set up, so nothing here is generated).\n\n"
            f"Try names as the code would spell them. {help_line}",
            (),
        )
    parts = ["Found in the code (no model is set up, so nothing here is generated):"]
    parts += [_passage(hit) for hit in hits]
    outline = await run.services.code.outline(hits[0].path)
    if outline:
        parts.append(_outline(hits[0].path, outline, hits))
    parts.append(help_line)
    return FoundAnswer("\n\n".join(parts), tuple(hit.span for hit in hits))


def _passage(hit: Hit) -> str:
    head = f"**{hit.span}**" + (
        f"  {hit.called.removesuffix(hit.symbol)}`{hit.symbol}`" if hit.symbol else ""
    )
    lines = hit.text.rstrip().split("\n")
    body = "\n".join(f"    {line}".rstrip() for line in lines[:_MOST_LINES])
    left = len(lines) - _MOST_LINES
    more = f"\n    ... {counted(left, 'more line')}" if left > 0 else ""
    return f"{head}\n\n{body}{more}"


def _outline(path: str, outline: list[Symbol], hits: list[Hit]) -> str:
    wanted = {hit.symbol for hit in hits if hit.path == path and hit.symbol}
    large = [
        symbol for symbol in outline if symbol.kind not in _PARTS or symbol.qualified in wanted
    ] or outline
    near = [symbol for symbol in large if symbol.qualified in wanted]
    rest = [symbol for symbol in large if symbol.qualified not in wanted]
    shown = sorted([*near, *rest][:_MOST_OUTLINE], key=lambda symbol: symbol.start_line)
    lines = [f"- {symbol.start_line}: {symbol.kind} `{symbol.qualified}`" for symbol in shown]
    if len(large) > len(shown):
        lines.append(f"- ... {len(large) - len(shown)} more")
    return f"Outline of {path}:\n\n" + "\n".join(lines)
