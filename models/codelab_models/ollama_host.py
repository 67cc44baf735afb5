"""Where Ollama is, by its own variable.

https://github.com/ollama/ollama/blob/main/envconfig/config.go
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - where it listens, not we


def base_of_host(environ: Mapping[str, str]) -> str:
    """Return the URL that ``OLLAMA_HOST`` means, as Ollama itself reads it, or an empty string.

    ``host``, ``host:port``, ``:port`` and URLs are understood. An address that means every network card is
    where a server listens; from here it is this machine.
    """
    written = environ.get("OLLAMA_HOST", "").strip().strip("\"'").strip()
    if not written:
        return ""
    scheme, marked, rest = written.partition("://")
    if not marked:
        scheme, rest = "http", written
    rest = rest.split("/")[0]
    if rest.count(":") > 1 and not rest.startswith("["):
        rest = f"[{rest}]"
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    host = _EVERYWHERE.get(host, host)
    default = _PORTS.get(scheme, 11434) if marked else 11434
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{default if port is None else port}"
