"""The families of models: one small TOML file each, ours and the person's own.

A file has ``models``, the beginnings of names that belong to the family, and facts that hold for them all;
``[[some]]`` tables have facts that hold for some: their ``models`` say for which, and they go before the
facts of all. In names ``-``, ``_``, ``.``, ``:`` and a space are the same and may be left out, so
``qwen2.5-coder`` is ``Qwen2.5_Coder`` too. Where several beginnings fit, the longest counts.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from codelab.core.errors import InputError
from codelab_models.registry.profile import Facts, wrong_fact

_SEPARATORS = re.compile(r"[-_.: ]+")
_BILLIONS = re.compile(r"(?<![a-z0-9.])(?:(\d+)x)?(\d+(?:\.\d+)?)b(?![a-z0-9])")
MOST_FILE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Family:
    """Facts about models whose names begin in one of some ways; ``pattern`` finds such a beginning."""

    pattern: re.Pattern[str]
    facts: Facts


def family_facts(model: str, families: Iterable[Family]) -> list[Facts]:
    """Return what the families know about a model: of those that fit best, all facts, best fit last.

    Args:
        model: As litellm names it, or the name of a file.
        families: Of one origin.
    """
    name = model.lower().removesuffix(".gguf")
    families = list(families)
    # The last part says what a model is; what stands before it, who offers it.
    for text in (name.rpartition("/")[2], name):
        fits = [
            (found.end() - found.start(), family.facts)
            for family in families
            if (found := family.pattern.search(text))
        ]
        if fits:
            return [facts for _, facts in sorted(fits, key=lambda fit: fit[0])]
    return []


def size_facts(model: str) -> Facts:
    """Return the number of parameters where the name of a model says it, as in ``qwen2.5-coder:14b``."""
    found = _BILLIONS.search(model.lower().rpartition("/")[2])
    if found is None:
        return {}
    return {"billions": float(found[2]) * int(found[1] or 1)}


@lru_cache(maxsize=1)
def known_families() -> tuple[Family, ...]:
    """Return the families that CodeLab knows."""
    folder = files("codelab_models.registry") / "profiles"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(family for file in found for family in read_family(file.read_text("utf-8"), file.name))


def own_families(folder: Path) -> tuple[Family, ...]:
    """Return the families that the person wrote.

    Args:
        folder: ``profiles`` in the config folder; it need not be there.

    Raises:
        InputError: A file cannot be read, is no TOML, or says what makes no sense.
    """
    found: list[Family] = []
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            if path.stat().st_size > MOST_FILE_BYTES:
                raise InputError(
                    f"{path} is too long for a profile", fix=f"It may have {MOST_FILE_BYTES:,} bytes"
                )
            found += read_family(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", "") or "It is not UTF-8 text"
            raise InputError(
                f"The profile {path} cannot be read", why=why, fix="Correct it or move it away"
            ) from error
    return tuple(found)


def read_family(text: str, where: str) -> list[Family]:
    """Read the file of a family.

    Args:
        text: TOML.
        where: What to call the file in an error.

    Returns:
        The facts that hold for all, then those that hold for some.

    Raises:
        InputError: It is no TOML, names no models, or says what no model can do.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where} is not TOML", why=str(error), fix="Correct it or move it away") from error
    some = data.pop("some", [])
    models = data.pop("models", None)
    if not isinstance(some, list) or not all(isinstance(one, dict) for one in some):
        raise _wrong(where, "some must be tables, each headed by [[some]]")
    whole = [] if some and not data and models is None else [_family(models, data, {}, where)]
    return whole + [_family(one.pop("models", None), one, data, where) for one in some]


def _family(models: Any, facts: dict[str, Any], of_all: dict[str, Any], where: str) -> Family:
    if not isinstance(models, list) or not models or not all(isinstance(one, str) and one for one in models):
        raise _wrong(where, 'models must list beginnings of names, e.g. models = ["qwen3-coder"]')
    for name, value in facts.items():
        if wrong := wrong_fact(name, value):
            raise _wrong(where, wrong)
    return Family(_beginning_of_a_name(models), {**of_all, **facts})


def _beginning_of_a_name(models: list[str]) -> re.Pattern[str]:
    spelled = [
        r"[-_.: ]?".join(re.escape(part) for part in _SEPARATORS.split(name.lower()) if part)
        for name in models
    ]
    longest_first = sorted(spelled, key=len, reverse=True)
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(longest_first)})(?![0-9])")


def _wrong(where: str, why: str) -> InputError:
    return InputError(f"The profile {where} is wrong", why=why, fix="Correct it or move it away")
