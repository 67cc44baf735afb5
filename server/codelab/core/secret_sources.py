"""Where secrets are known from: variables of the environment, and files of the workspace that hold them."""

import os
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

_NAME = re.compile(
    r"(?:^|[_.-])(?:auth|pat|dsn|pwd|pass|cookie|private|api_?keys?|access_?keys?)(?:$|[_.-])"
    r"|(?:key|keys|token|tokens|secret|secrets|password|passwd|passphrase|credential|credentials)(?:$|[_.-])",
    re.IGNORECASE,
)
_WORDS = frozenset(
    {"disabled", "enabled", "required", "optional", "undefined", "changeme", "password", "secret", "default"}
)
_SHORTEST = 8
_LONGEST_FILE = 200_000  # characters; more is no file of secrets
_MOST_VALUES = 500
_ASSIGNMENT = re.compile(
    r"""^[^\S\n]*(?:export[^\S\n]+|set[^\S\n]+|-[^\S\n]+)?["']?([\w./@:-]{1,200}?)["']?[^\S\n]*[=:][^\S\n]*"""
    r"""(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'|([^\s"'#][^\n]*?))[^\S\n]*,?[^\S\n]*(?:\#[^\n]*)?$""",
    re.MULTILINE,
)
_BLOCK = re.compile(r"^-----BEGIN [^\n]+-----\n(.+?)^-----END ", re.MULTILINE | re.DOTALL)
_MIXED = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[^\s]{8,}")


def values_of_environment(environ: Mapping[str, str]) -> frozenset[str]:
    """Return the secrets among the variables of an environment.

    Args:
        environ: Its names and values.

    Returns:
        The values of variables named like a key, a token or a password, and the passwords in URLs; no paths
        of files that are there, and nothing shorter than eight characters.
    """
    return frozenset(
        value for name, text in environ.items() for value in _secrets_in(text, named=bool(_NAME.search(name)))
    )


def values_of_file(text: str) -> frozenset[str]:
    """Return the secrets in the text of a file that is known to hold some.

    Args:
        text: Lines such as ``NAME=value`` or ``"name": "value"``, and blocks such as private keys.

    Returns:
        Values that are named like a secret or look like one; each line of a block.
    """
    text = text[:_LONGEST_FILE].replace("\r\n", "\n")
    found: dict[str, None] = {}
    for block in _BLOCK.findall(text):
        found.update(dict.fromkeys(line.strip() for line in block.split("\n") if len(line) >= _SHORTEST))
    for name, double, single, bare in _ASSIGNMENT.findall(text):
        value = double or single or bare
        named = bool(_NAME.search(name)) or bool(_MIXED.fullmatch(value))
        found.update(dict.fromkeys(_secrets_in(value, named=named)))
    return frozenset(list(found)[:_MOST_VALUES])


def _secrets_in(text: str, *, named: bool) -> Iterator[str]:
    value = text.strip()
    if "://" in value:
        yield from _password_of(value)
        named = named and "@" not in value and "?" in value
    if named and len(value) >= _SHORTEST and value.casefold() not in _WORDS and not _is_path(value):
        yield value


def _password_of(url: str) -> Iterator[str]:
    try:
        password = urlsplit(url).password
    except ValueError:
        return
    for one in {password or "", unquote(password or "")}:
        if len(one) >= _SHORTEST:
            yield one


def _is_path(value: str) -> bool:
    try:
        return value.startswith(("/", "~/", "./")) and os.path.exists(os.path.expanduser(value))
    except ValueError:
        return False
