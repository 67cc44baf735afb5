"""search_code: the best passages of the workspace for a question or a name."""

from pydantic import Field

from codelab.policy.types import Risk
from codelab.tools.contract import Arguments, Source, Tool, ToolContext, ToolText
from codelab.tools.touching import touches_nothing
from codelab.workspace.files import content_hash

MOST_PASSAGE_CHARACTERS = 2_500


class SearchCodeArguments(Arguments):
    """Arguments of search_code."""

    query: str = Field(min_length=1, description="What is looked for: a question, a description, or a name.")
    path: str = Field("", description="Only files that match this glob, such as src/**/*.py.")
    limit: int = Field(8, ge=1, le=20, description="Most passages that come.")


async def _call(arguments: SearchCodeArguments, context: ToolContext) -> ToolText:
    hits = await context.search(arguments.query, limit=arguments.limit, path=arguments.path)
    if not hits:
        return ToolText(
            "Nothing found. Try other words, or names as the code would spell them.", "nothing found"
        )
    passages, sources = [], []
    for hit in hits:
        head = f"{hit.span}" + (f"  {hit.kind} {hit.symbol}" if hit.symbol else "")
        body = hit.text
        if len(body) > MOST_PASSAGE_CHARACTERS:
            body = body[:MOST_PASSAGE_CHARACTERS] + "\n... (the passage goes on; read the file for all of it)"
        passages.append(f"{head}\n{body}")
        sources.append(Source(hit.span, content_hash(hit.text.encode("utf-8", "surrogatepass"))))
    return ToolText("\n\n".join(passages), f"{len(hits)} passages", tuple(sources))


TOOL = Tool(
    name="search_code",
    description=(
        "Search the workspace by meaning and by name. Returns passages with path and lines, the best first. "
        "Unsaved text of open editors is searched as it stands."
    ),
    risk=Risk.LOW,
    arguments=SearchCodeArguments,
    touches=touches_nothing,
    title=lambda arguments: f'searching "{arguments.query}"',
    call=_call,
    searches=True,
)
