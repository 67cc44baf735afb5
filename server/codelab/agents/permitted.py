"""Search and knowledge of code without the files that policy keeps from the agent."""

from collections.abc import Collection

from codelab.agents.permission import policy_call
from codelab.agents.run import ActiveRun
from codelab.index.knowledge.repo_map import RepoMap
from codelab.index.types import FoundDefinition, Hit, Symbol, Usage
from codelab.policy.decide import decide
from codelab.policy.types import Access, Outcome, Risk, Touch
from codelab.tools.contract import CodeKnowledge, ToolContext, ToolError


def tools_of(run: ActiveRun, tool: str) -> ToolContext:
    """Return what a tool may use in a run.

    Without a rule that forbids or asks this is what every run has. Otherwise what the index knows of
    files that the agent may not read, or not without a question, is left out.
    """
    context = run.services.tools
    rules = run.services.rules
    if not rules.broken and all(rule.effect is Outcome.ALLOW for rule in rules.rules):
        return context
    code = _PermittedCode(run, tool, context.code)

    async def search(query: str, *, limit: int, path: str) -> list[Hit]:
        return [hit for hit in await context.search(query, limit=limit, path=path) if code.may_read(hit.path)]

    return ToolContext(context.view, search, code)


class _PermittedCode:
    def __init__(self, run: ActiveRun, tool: str, code: CodeKnowledge) -> None:
        self._run = run
        self._tool = tool
        self._code = code

    def may_read(self, path: str) -> bool:
        """Tell whether policy lets the agent read a file without a question."""
        call = policy_call(self._run, self._tool, Risk.LOW, (Touch(path, Access.READ),))
        return decide(call, self._run.services.rules).outcome is Outcome.ALLOW

    async def outline(self, path: str) -> list[Symbol]:
        """Return the definitions of a file: the call that asks for them names it, so policy has seen it."""
        return await self._code.outline(path)

    async def definitions(self, name: str, seen_from: str = "") -> list[FoundDefinition]:
        """Return what a name may mean."""
        found = await self._code.definitions(name, seen_from)
        return [one for one in found if self.may_read(one.symbol.path)]

    async def references(self, name: str, defined_in: str = "", limit: int = 200) -> list[Usage]:
        """Return the uses of a name."""
        found = await self._code.references(name, defined_in, limit)
        return [one for one in found if self.may_read(one.path)]

    async def repo_map(self, tokens: int, files: Collection[str] = (), words: str = "") -> RepoMap:
        """Return a map of the repository, unless it shows a file that may not be read."""
        drawn = await self._code.repo_map(tokens, files, words)
        if kept := next((file.path for file in drawn.files if not self.may_read(file.path)), None):
            raise ToolError(
                f"The map shows {kept}, which policy keeps from you", fix="Use search_code or find_symbol"
            )
        return drawn
