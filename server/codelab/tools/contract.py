"""What a tool is."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from codelab.core.errors import CodeLabError
from codelab.core.positions import LineSpan
from codelab.index.knowledge.repo_map import RepoMap
from codelab.index.types import FoundDefinition, Hit, Symbol, Usage
from codelab.policy.types import Risk, Touch
from codelab.sandbox.types import Reach
from codelab.workspace.view import WorkspaceView


class Arguments(BaseModel):
    """Base of every tool's arguments: unknown names are refused, so that a typing error is not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ToolError(CodeLabError):
    """A call that cannot be done as asked, in words that the model can act on."""


class Origin(StrEnum):
    """Where the text of a result comes from, which tells whether it may be trusted."""

    OURS = "ours"  # CodeLab's own words
    WORKSPACE = "workspace"  # files of the workspace and what is made of them: as trusted as the workspace is
    OUTSIDE = "outside"  # the web, other programs' servers, commands without a sandbox: never trusted


@dataclass(frozen=True, slots=True)
class Source:
    """Lines that a call really read, and the hash of the bytes it read them from."""

    span: LineSpan
    blob: str


@dataclass(frozen=True, slots=True)
class ToolText:
    """What a call found.

    Attributes:
        text: For the model.
        summary: One line for the person.
        sources: The lines that were really read.
        origin: Where the text comes from.
    """

    text: str
    summary: str
    sources: tuple[Source, ...] = ()
    origin: Origin = Origin.WORKSPACE


@dataclass(frozen=True, slots=True)
class FileChange:
    """A change that a call proposes; ``None`` bytes mean that the file is absent before or after.

    Attributes:
        path: Relative to the workspace root.
        before: The file's bytes as the proposal read them.
        after: The bytes it would hold.
        before_text: ``before`` decoded, empty where absent.
        after_text: ``after`` decoded, empty where absent.
        unsaved_in: The face whose editor holds the file with unsaved text that ``before`` shows, or empty.
        executable: Whether a new file may be executed.
    """

    path: str
    before: bytes | None
    after: bytes | None
    before_text: str
    after_text: str
    unsaved_in: str = ""
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a call wants run in the sandbox.

    Attributes:
        argv: The program and its arguments; the program by name, or by its path in the workspace.
        shown: The whole command as a person reads it.
        directory: Where it runs, relative to the workspace root.
        seconds: Longest time, or None for the setting's.
        writes: Whether it may write to its layer over the workspace; what it writes is put before the person.
        commits: Whether it may write git's own files in that layer; new objects, branches and the index are
            brought over without another question, since the person has seen what it commits.
        environment: Variables to set besides the usual ones.
        summary: What came of it in one line for the person, from its exit status and its output; None: the
            exit status.
        clean: What is left of the output for the agent; None: all of it.
        explain: What its exit status and its output mean in a sentence, for a failure that says what to do;
            None or an empty sentence: nothing.
        more: What a person is shown besides, whole: the commits that are pushed.
        merge: The branch that it moves, where what it changes of files and what it writes to the repository
            come over together, once the person has seen the difference, or not at all.
        reach: What lets it reach a host, or None.
        url: The address that it reaches.
        host: The host there.
        publishes: Whether what it does there is out of reach once it is done.
        tracks: The remote-tracking ref that notes at its success where the remote stands, and the commit; an
            empty one is the commit that it has fetched.
        then: What is done at its success with the same yes.
    """

    argv: tuple[str, ...]
    shown: str
    directory: str = "."
    seconds: float | None = None
    writes: bool = True
    commits: bool = False
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    summary: Callable[[int, str], str] | None = None
    clean: Callable[[str], str] | None = None
    explain: Callable[[int, str], str] | None = None
    more: str = ""
    merge: str = ""
    reach: Reach | None = None
    url: str = ""
    host: str = ""
    publishes: bool = False
    tracks: tuple[str, str] | None = None
    then: "Callable[[str], Awaitable[Command | ToolText]] | None" = None


class SearchCode(Protocol):
    """The search that tools see."""

    def __call__(self, query: str, *, limit: int, path: str) -> Awaitable[list[Hit]]:
        """Return the best passages for a query in files that match the glob ``path`` (empty: all)."""
        ...


class CodeKnowledge(Protocol):
    """What tools may ask about how the code hangs together."""

    async def outline(self, path: str) -> list[Symbol]:
        """Return the definitions of a file in order."""
        ...

    async def definitions(self, name: str, seen_from: str = "") -> list[FoundDefinition]:
        """Return what a name may mean, the surest first."""
        ...

    async def references(self, name: str, defined_in: str = "", limit: int = 200) -> list[Usage]:
        """Return the uses of a name, the surest first."""
        ...

    async def repo_map(self, tokens: int, files: Collection[str] = (), words: str = "") -> RepoMap:
        """Return a map of the repository."""
        ...


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What tools may use: the workspace as the editors show it, search, and how the code hangs together."""

    view: WorkspaceView
    search: SearchCode
    code: CodeKnowledge


ArgumentsT = TypeVar("ArgumentsT", bound=Arguments)


@dataclass(frozen=True, slots=True)
class Tool(Generic[ArgumentsT]):
    """A tool.

    Attributes:
        name: As the model calls it.
        description: For the model: what it does, when to use it.
        risk: The risk of any call of it; policy may find a call riskier.
        arguments: The model of its arguments, from which the JSON schema is made.
        touches: Tells which files a call reads or writes, with paths already checked to be inside the
            workspace.
        title: Says a call to a person, to stand after the agent's name: ``reading payments.py``.
        call: Does the work.
        searches: Whether a call counts against the run's limit of searches.
        commands: Whether a call runs a command.
    """

    name: str
    description: str
    risk: Risk
    arguments: type[ArgumentsT]
    touches: Callable[[ArgumentsT, ToolContext], Sequence[Touch]]
    title: Callable[[ArgumentsT], str]
    call: Callable[[ArgumentsT, ToolContext], Awaitable[ToolText | FileChange | Command]]
    searches: bool = False
    commands: bool = False
