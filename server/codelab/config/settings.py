"""Every setting, declared once: name, type, default, meaning.

docs/settings.md is generated from these classes. ``narrow`` names the settings that a trusted workspace
may change, and in which direction; all others are the person's alone.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Narrow = Literal["lower", "extend"]  # a workspace may only lower a number, or only add to a list


def _narrow(how: Narrow) -> dict[str, str]:
    return {"narrow": how}


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelSettings(_Section):
    """Which models answer."""

    endpoint: str = Field("", description="Base URL of an OpenAI-compatible API that replaces the model host.")
    chat: str = Field("", description="Model that answers, as litellm names it, e.g. `ollama/qwen2.5-coder:14b`.")
    first_token_seconds: float = Field(30, gt=0, description="Longest wait for the first token.")
    idle_minutes: float = Field(10, gt=0, description="The model host ends after this long without a request.")


class IndexSettings(_Section):
    """What is indexed."""

    max_file_bytes: Annotated[int, Field(ge=1, json_schema_extra=_narrow("lower"))] = Field(
        10_000_000, description="Larger files are not indexed."
    )
    exclude: Annotated[tuple[str, ...], Field(json_schema_extra=_narrow("extend"))] = Field(
        (), description="Patterns, as in .gitignore, of what is not indexed besides what git ignores."
    )


class ApprovalSettings(_Section):
    """How the person is asked."""

    wait_seconds: float = Field(300, gt=0, description="A prompt in front of a person is denied after this long.")


class RunSettings(_Section):
    """Limits of one run."""

    iterations: Annotated[int, Field(ge=1, json_schema_extra=_narrow("lower"))] = Field(
        30, description="Most calls of the model in one run."
    )
    searches: Annotated[int, Field(ge=0, json_schema_extra=_narrow("lower"))] = Field(
        20, description="Most searches in one run."
    )
    tokens: Annotated[int, Field(ge=1, json_schema_extra=_narrow("lower"))] = Field(
        500_000, description="Most tokens, in and out, in one run."
    )
    cost_usd: Annotated[float, Field(ge=0, json_schema_extra=_narrow("lower"))] = Field(
        2.0, description="Most money spent in one run, in US dollars, where the price is known."
    )
    seconds: Annotated[float, Field(gt=0, json_schema_extra=_narrow("lower"))] = Field(
        1800, description="Longest time one run may work, waiting for the person not counted."
    )


class Settings(_Section):
    """All settings, as in ``config.toml``."""

    models: ModelSettings = ModelSettings()
    index: IndexSettings = IndexSettings()
    approvals: ApprovalSettings = ApprovalSettings()
    run: RunSettings = RunSettings()
