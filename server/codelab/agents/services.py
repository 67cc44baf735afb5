"""What runs need from the layers below, put together once per face."""

from dataclasses import dataclass, field
from pathlib import Path

from codelab.agents.measure import Measure
from codelab.config.settings import Settings
from codelab.policy.load import PolicySource
from codelab.policy.rules_in_force import PolicyRules
from codelab.policy.watch import StateWatch
from codelab.store.overlay import Overlay
from codelab.store.state import StateDb, UserDb
from codelab.tools.contract import CodeKnowledge, SearchCode, ToolContext
from codelab.workspace.editor import Editor
from codelab.workspace.faces import FaceRegistry
from codelab.workspace.view import WorkspaceView
from codelab_models.calls.grades import Grade
from codelab_models.chat import ChatModel
from codelab_models.choosing import ModelChooser


@dataclass(slots=True)
class Services:
    """The parts that every run of a face shares.

    Attributes:
        root: The workspace root, resolved.
        face: The id of the face that drives the runs.
        client: What the face's client calls itself.
        kind: The kind of the face: ``lsp``, ``mcp``, ``cli``.
        settings: The settings in force.
        db: The workspace's state.
        watch: Tells when that state changes.
        view: Files as the editors show them.
        overlay: Unsaved buffers, this face's and others'.
        faces: The faces that live.
        search: The index.
        code: Tells how the code hangs together.
        model: What answers, or None.
        chooser: Says which model is asked, and why.
        model_help: How to add a model, for the person.
        measures: What servers have said of the lengths of conversations, by model.
        grades: How tools are offered to models whose servers have refused the way that their profiles say.
        editor: The face's editor, if it has one.
        user: What belongs to the person and to no workspace.
        policy: The policy files.
        trusted: Whether the person trusts the workspace.
        commands: Where folders for commands of agents are made; outside of every workspace.
        prompts: Whether this face shows the approvals of its own runs to a person.
    """

    root: Path
    face: str
    client: str
    kind: str
    settings: Settings
    db: StateDb
    watch: StateWatch
    view: WorkspaceView
    overlay: Overlay
    faces: FaceRegistry
    search: SearchCode
    code: CodeKnowledge
    model: ChatModel | None
    chooser: ModelChooser
    model_help: str
    commands: Path
    user: UserDb
    policy: PolicySource
    trusted: bool = False
    grades: dict[str, Grade] = field(default_factory=dict)
    measures: dict[str, Measure] = field(default_factory=dict)
    editor: Editor | None = None
    prompts: bool = False

    @property
    def rules(self) -> PolicyRules:
        """The rules in force at this moment."""
        return self.policy.current().rules

    @property
    def asker(self) -> str:
        """Client and kind of the face, as approvals name who answers and standing rules to whom they bind."""
        return f"{self.client} ({self.kind})"

    @property
    def tools(self) -> ToolContext:
        """What tools may use."""
        return ToolContext(self.view, self.search, self.code)
