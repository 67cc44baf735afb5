"""What each provider needs from the person's environment, as litellm names it.

The model host has none of it in its own environment. The face sends what the provider of the model asked
needs along with each request, and the host uses it for that request only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from codelab.config.settings import ModelSettings
from codelab_models.local_models import is_local
from codelab_models.ollama_host import base_of_host


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider.

    Attributes:
        name: The prefix of its models, as in ``anthropic/claude-sonnet-4-5``.
        title: Its name for people.
        keys: Environment variables that may hold its key, first found wins.
        bases: Environment variables that may hold its base URL.
        others: Further parameters of litellm and the environment variable of each.
        example: A model of it.
        usual_base: Where it is if nothing says otherwise and litellm would ask OpenAI instead.
    """

    name: str
    title: str
    keys: tuple[str, ...]
    bases: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    example: str = ""
    usual_base: str = ""


_AWS = (
    ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
    ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    ("aws_session_token", "AWS_SESSION_TOKEN"),
    ("aws_region_name", "AWS_REGION_NAME"),
    ("aws_region_name", "AWS_REGION"),
    ("aws_profile_name", "AWS_PROFILE"),
)
_VERTEX = (
    ("vertex_project", "VERTEXAI_PROJECT"),
    ("vertex_location", "VERTEXAI_LOCATION"),
    ("vertex_credentials", "GOOGLE_APPLICATION_CREDENTIALS"),
)

PROVIDERS = (
    Provider(
        "anthropic",
        "Anthropic",
        ("ANTHROPIC_API_KEY",),
        ("ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL"),
        example="claude-sonnet-4-5",
    ),
    Provider(
        "openai",
        "OpenAI",
        ("OPENAI_API_KEY",),
        ("OPENAI_API_BASE", "OPENAI_BASE_URL"),
        (("organization", "OPENAI_ORGANIZATION"),),
        "gpt-5-mini",
    ),
    Provider("gemini", "Google Gemini", ("GEMINI_API_KEY", "GOOGLE_API_KEY"), example="gemini-2.5-flash"),
    Provider("mistral", "Mistral", ("MISTRAL_API_KEY",), ("MISTRAL_API_BASE",), example="codestral-latest"),
    Provider("deepseek", "DeepSeek", ("DEEPSEEK_API_KEY",), ("DEEPSEEK_API_BASE",), example="deepseek-chat"),
    Provider(
        "openrouter",
        "OpenRouter",
        ("OPENROUTER_API_KEY",),
        ("OPENROUTER_API_BASE",),
        example="anthropic/claude-sonnet-4.5",
    ),
    Provider("groq", "Groq", ("GROQ_API_KEY",), ("GROQ_API_BASE",), example="openai/gpt-oss-120b"),
    Provider("xai", "xAI", ("XAI_API_KEY",), ("XAI_API_BASE",), example="grok-code-fast-1"),
    Provider("cohere", "Cohere", ("COHERE_API_KEY", "CO_API_KEY"), example="command-a-03-2025"),
    Provider(
        "together_ai",
        "Together AI",
        ("TOGETHERAI_API_KEY", "TOGETHER_API_KEY", "TOGETHER_AI_API_KEY"),
        example="openai/gpt-oss-120b",
    ),
    Provider(
        "fireworks_ai",
        "Fireworks AI",
        ("FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY"),
        example="accounts/fireworks/models/gpt-oss-120b",
    ),
    Provider("cerebras", "Cerebras", ("CEREBRAS_API_KEY",), example="gpt-oss-120b"),
    Provider(
        "azure",
        "Azure OpenAI",
        ("AZURE_API_KEY", "AZURE_OPENAI_API_KEY"),
        ("AZURE_API_BASE",),
        (("api_version", "AZURE_API_VERSION"),),
        "<your deployment>",
    ),
    Provider("bedrock", "Amazon Bedrock", ("AWS_BEARER_TOKEN_BEDROCK",), others=_AWS),
    Provider("vertex_ai", "Google Vertex AI", (), others=_VERTEX),
    Provider("ollama", "Ollama", ("OLLAMA_API_KEY",), ("OLLAMA_API_BASE",), example="qwen2.5-coder:14b"),
    Provider(
        "lm_studio",
        "LM Studio",
        ("LM_STUDIO_API_KEY",),
        ("LM_STUDIO_API_BASE",),
        usual_base="http://127.0.0.1:1234/v1",
    ),
    Provider(
        "hosted_vllm",
        "vLLM",
        ("HOSTED_VLLM_API_KEY",),
        ("HOSTED_VLLM_API_BASE",),
        usual_base="http://127.0.0.1:8000/v1",
    ),
)

_LOCAL = Provider("local", "The local model", ())

LOCAL_PROVIDERS = frozenset({"local", "ollama", "lm_studio", "llamafile", "xinference"})
"""Those that run on this machine where no base URL says otherwise."""

_BY_BEGINNING = {"claude": "anthropic", "gemini": "gemini", "command": "cohere", "deepseek": "deepseek"}

ACCESS_PARAMETERS = frozenset(
    {"api_base"} | {parameter for provider in PROVIDERS for parameter, _ in provider.others}
)
"""Parameters of litellm that a face may send beside the key."""


@dataclass(frozen=True, slots=True)
class Access:
    """What opens a provider's door for one request; never shown."""

    api_key: str = field(default="", repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)


def provider_of(model: str) -> Provider:
    """Return the provider that a model's name says, known or not."""
    if is_local(model):
        return _LOCAL
    name, slash, _ = model.partition("/")
    if not slash:
        begins = (provider for beginning, provider in _BY_BEGINNING.items() if model.startswith(beginning))
        name = next(begins, "openai")
    name = name.removesuffix("_chat")
    known = (provider for provider in PROVIDERS if provider.name == name)
    upper = name.upper().replace("-", "_")
    return next(known, Provider(name, name, (f"{upper}_API_KEY",), (f"{upper}_API_BASE",)))


def access_for(model: str, settings: ModelSettings, environ: Mapping[str, str]) -> Access:
    """Take from the person's environment what the provider of a model needs, and nothing else.

    Args:
        model: As litellm names it.
        settings: ``models.api_base`` goes before the environment.
        environ: The face's environment; ``CODELAB_API_KEY`` goes before the provider's own variable. Both of
            these are for the provider of ``models.chat``, and for one of ``models.embedding``, alone.
    """
    if is_local(model):
        return Access()
    provider = provider_of(model)
    parameters = {
        parameter: environ[variable]
        for parameter, variable in reversed(provider.others)
        if environ.get(variable)
    }
    own = {provider_of(name).name for name in (settings.chat, settings.embedding) if name}
    chosen = provider.name in own or not own
    base = (settings.api_base if chosen else "") or _first(provider.bases, environ)
    if not base and provider.name == "ollama":
        base = base_of_host(environ)
    base = base or provider.usual_base
    if base:
        parameters["api_base"] = base
    keys = ("CODELAB_API_KEY", *provider.keys) if chosen else provider.keys
    return Access(_first(keys, environ), parameters)


def _first(names: tuple[str, ...], environ: Mapping[str, str]) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")
