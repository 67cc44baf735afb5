"""Every setting, declared once: name, type, default, meaning.

docs/settings.md is generated from these classes. ``narrow`` names the settings that a trusted workspace
may change, and in which direction; all others are the person's alone.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

Narrow = Literal["lower", "extend"]  # a workspace may only lower a number, or only add to a list


_BUDGET = re.compile(r"(agent|model|provider) \S+ (\d{1,9}(\.\d+)?|\.\d+) (day|month)")


def _budget_line(line: str) -> str:
    if not _BUDGET.fullmatch(line):
        raise ValueError(
            f"{line!r} is no budget, which has four words: agent, model or provider; its name; US dollars;"
            " day or month"
        )
    return line


BudgetLine = Annotated[str, AfterValidator(_budget_line)]


def _narrow(how: Narrow) -> JsonDict:
    return {"narrow": how}


def _limit(default: float, *, what: str, ge: float | None = None, gt: float | None = None) -> Any:
    """Return the field of a limit, which a workspace may only lower."""
    return Field(default=default, ge=ge, gt=gt, description=what, json_schema_extra=_narrow("lower"))


class _Section(BaseModel):
    # Strict: `true` is no number and "30" no count; TOML has types of its own.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ModelSettings(_Section):
    """Which models answer."""

    endpoint: str = Field(
        default="",
        pattern=r"^(https?://.+)?$",
        description="Base URL of an OpenAI-compatible API that replaces the model host.",
    )
    chat: str = Field(
        default="",
        description="Model that answers, as litellm names it, e.g. `ollama/qwen2.5-coder:14b`; or a GGUF "
        "file, `gguf:/path/to/file.gguf`, or `local/NAME` for one in a folder for models; `auto`: the best "
        "that is found on this machine.",
    )
    planning: str = Field(
        default="", description="Model that plans, where it is another than `models.chat`; `auto` as there."
    )
    code: str = Field(
        default="",
        description="Model for writing and reviewing code, where it is another than `models.chat`; "
        "`auto` as there.",
    )
    fast: str = Field(
        default="",
        description="Model for drafts and classification, where it is another than `models.chat`; "
        "`auto` as there.",
    )
    embedding: str = Field(
        default="",
        description="Model that embeds code for search, as litellm names it, e.g. "
        "`ollama/nomic-embed-text`: your code is sent to it; or a GGUF file, as for `models.chat`; or "
        "`sentence-transformers:NAME`, or `:/path/to/folder`, for one on this machine that has an ONNX file. "
        "Empty: the bundled one; `none`: no vectors.",
    )
    api_base: str = Field(
        default="",
        pattern=r"^(https?://.+)?$",
        description="Base URL of the provider of these models where it is not the usual one.",
    )
    tool_calls: Literal["auto", "native", "json", "text"] = Field(
        default="auto",
        description="How tools are offered to the model: in the API's own field (`native`), by holding its "
        "answers to a JSON schema (`json`), or in the instructions (`text`). `auto`: as the model is "
        "known to understand them, and in the instructions where the server refuses that.",
    )
    reason_first: bool = Field(
        default=False,
        description="Models with native tool calls that do not reason by themselves fill in a form about the "
        "situation and the next step before each answer; it costs one request more each time.",
    )
    classification_votes: int = Field(
        default=0,
        ge=0,
        le=9,
        description="How often the fast model is asked at most, before a task is begun, whether the task is "
        "a question: where more than half of the answers say so the agent `ask` gets it, which changes "
        "nothing. 0: it is not asked.",
    )
    fallbacks: tuple[str, ...] = Field(
        default=(),
        strict=False,  # TOML gives a list
        description="Models asked in this order where the one before fails before it has said anything.",
    )
    first_token_seconds: float = Field(
        default=30, gt=0, description="Longest wait for the first token of a model elsewhere."
    )
    local_first_token_seconds: float = Field(
        default=0,
        ge=0,
        description="Longest wait for the first token of a model on this machine, which may read a long "
        "prompt for minutes; 0 waits as long as it takes.",
    )
    requests_per_hour: int = _limit(
        100, ge=1, what="Most chat requests to models in any hour, of all your editors together."
    )
    budget_usd_day: float = Field(
        default=0,
        ge=0,
        description="Most money spent on models in a day, in US dollars, where prices are known; 0: "
        "no limit.",
    )
    budget_usd_month: float = Field(
        default=0,
        ge=0,
        description="Most money spent on models in a calendar month, in US dollars; 0: no limit.",
    )
    budget_usd_session: float = Field(
        default=0,
        ge=0,
        description="Most money spent on models in one session, in US dollars, where prices are known; 0: "
        "no limit.",
    )
    budgets: tuple[BudgetLine, ...] = Field(
        default=(),
        strict=False,  # TOML gives a list
        description="Further budgets, in US dollars, each for an agent, a model or a provider in a day or a "
        'month: `"agent coder 1.50 day"`, `"model anthropic/claude-opus-4-1 20 month"`.',
    )
    cache_hours: float = _limit(
        24,
        ge=0,
        what="How long the same request without tools gets the answer of before; 0 asks anew each time.",
    )
    idle_minutes: float = Field(
        default=10, gt=0, description="The model host ends after this long without a request."
    )
    local_folders: tuple[str, ...] = Field(
        default=(),
        strict=False,  # TOML gives a list
        description="Further folders in which GGUF files are found by name.",
    )
    local_memory_gb: float = Field(
        default=0,
        ge=0,
        description="Most memory of all loaded GGUF models together, in gigabytes; "
        "0: three quarters of the machine's.",
    )
    local_context: int = Field(
        default=32_768,
        ge=256,
        description="Most tokens of context for a GGUF model; it has fewer where it was made for fewer or "
        "memory does not allow so many.",
    )

    @field_validator("embedding")
    @classmethod
    def _one_embedder(cls, value: str) -> str:
        if value == "auto":  # another one each time would make all vectors anew each time
            raise ValueError("`auto` is settled once, by `codelab models use embedding auto`")
        return value


class IndexSettings(_Section):
    """What is indexed."""

    max_file_bytes: int = _limit(10_000_000, ge=1, what="Larger files are not indexed.")
    exclude: tuple[str, ...] = Field(
        default=(),
        strict=False,  # TOML gives a list
        description="Patterns, as in .gitignore, of what is not indexed besides what git ignores.",
        json_schema_extra=_narrow("extend"),
    )


class ApprovalSettings(_Section):
    """How the person is asked."""

    wait_seconds: float = Field(
        default=300, gt=0, description="A prompt in front of a person is denied after this long."
    )
    rule_days: float = Field(
        default=7,
        ge=0,
        le=365,
        description='How long a standing rule holds ("don\'t ask again"); 0: none can be given.',
        json_schema_extra=_narrow("lower"),
    )
    proposals: bool = Field(
        default=True,
        description="Propose a standing rule where you have said yes to the same kind of call many times.",
    )
    propose_after: int = Field(
        default=12, ge=3, description="So many times in a row, and never no, before one is proposed."
    )
    assistants_may_allow_edits: bool = Field(
        default=False,
        description="Let an assistant that speaks MCP choose the mode `allow-edits` by itself: edits of "
        "plain files are then not asked.",
    )


class LimitSettings(_Section):
    """Limits by the hour, of all your editors and assistants together."""

    file_operations_per_hour: int = _limit(
        1000, ge=1, what="Most files that agents read or write in any hour."
    )
    approvals_per_hour: int = _limit(
        50, ge=1, what="Most approvals that agents ask for in any hour; what is beyond is refused."
    )


class SandboxSettings(_Section):
    """Where commands of agents run, and what they may use."""

    seconds: float = _limit(600, gt=0, what="Longest time of one command.")
    memory_mb: int = _limit(4_000, ge=16, what="Most memory of a command and all it starts, in MB.")
    processes: int = _limit(512, ge=4, what="Most processes of a command at once.")
    disk_mb: int = _limit(2_000, ge=1, what="Most that a command may write, in MB.")
    output_mb: int = _limit(10, ge=1, what="A command that says more is stopped, in MB.")
    readable: tuple[str, ...] = Field(
        default=(),
        strict=False,  # TOML gives a list
        description="Folders outside the workspace, besides the system's and the usual places of tools, that "
        "commands may read, e.g. `~/.venvs`.",
    )
    as_root: bool = Field(
        default=False,
        description="Run commands also where CodeLab itself runs as root, whom limits bind less.",
    )
    unsandboxed: bool = Field(
        default=False,
        description="Run commands without a sandbox where none can be had: they can do whatever you can. "
        "Every approval then says UNSANDBOXED.",
    )


class RunSettings(_Section):
    """Limits of one run."""

    iterations: int = _limit(30, ge=1, what="Most calls of the model in one run.")
    searches: int = _limit(20, ge=0, what="Most searches in one run.")
    tokens: int = _limit(500_000, ge=1, what="Most tokens, in and out, in one run.")
    cost_usd: float = _limit(
        2.0, ge=0, what="Most money spent in one run, in US dollars, where the price is known."
    )
    seconds: float = _limit(
        1800, gt=0, what="Longest time one run may work, waiting for the person not counted."
    )


class Settings(_Section):
    """All settings, as in ``config.toml``."""

    models: ModelSettings = ModelSettings()
    index: IndexSettings = IndexSettings()
    approvals: ApprovalSettings = ApprovalSettings()
    limits: LimitSettings = LimitSettings()
    sandbox: SandboxSettings = SandboxSettings()
    run: RunSettings = RunSettings()
