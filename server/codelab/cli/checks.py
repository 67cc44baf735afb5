"""The checks of ``codelab doctor``; none of them stops the others."""

import asyncio
import importlib.metadata
import os
import platform
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from codelab import __version__
from codelab.config.load import load_settings
from codelab.config.places import find_places
from codelab.core.errors import CodeLabError, Denied
from codelab.core.wording import cause_of, counted

State = Literal["ok", "missing", "broken"]

_ENDPOINT_SECONDS = 3.0  # a person waits for the answer


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found.

    Attributes:
        name: What was looked at.
        state: ``ok``; ``missing``: CodeLab does less without it; ``broken``: it cannot do its work.
        detail: What was found, for a person.
        fix: What the person can do, or an empty string.
    """

    name: str
    state: State
    detail: str
    fix: str = ""


async def check_everything(root: Path) -> list[Check]:
    """Run every check on this machine and a workspace."""
    checks: list[Callable[[Path], Awaitable[list[Check]]]] = [
        _python,
        _sqlite,
        _vectors,
        _grammars,
        _folders,
        _settings,
        _policy,
        _workspace,
        _sandbox,
        _model,
    ]
    found: list[Check] = []
    for check in checks:
        try:
            found += await check(root)
        except CodeLabError as error:
            found.append(Check(_name(check), "broken", _joined(error.what, error.why), error.fix))
        except Exception as error:  # a check must not hide what the others find
            found.append(Check(_name(check), "broken", f"{type(error).__name__}: {error}"))
    return found


def _name(check: object) -> str:
    return getattr(check, "__name__", "check").strip("_")


def _joined(*sentences: str) -> str:
    return ". ".join(sentence.rstrip(".") for sentence in sentences if sentence)


async def _python(root: Path) -> list[Check]:
    return [
        Check("codelab", "ok", __version__),
        Check("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
    ]


async def _sqlite(root: Path) -> list[Check]:
    from codelab.store import sqlite

    return [Check("sqlite", "ok", sqlite.driver_name())]


async def _vectors(root: Path) -> list[Check]:
    from codelab.store import sqlite

    fix = "Use a Python whose sqlite3 loads extensions, or install pysqlite3 where there is a wheel"
    if not sqlite.can_load_vectors():
        return [Check("sqlite-vec", "missing", "this SQLite cannot load extensions", fix)]
    try:
        with tempfile.TemporaryDirectory() as folder:
            connection = sqlite.connect(Path(folder) / "probe.db", vectors=True)
            try:
                version = connection.execute("SELECT vec_version()").fetchone()[0]
            finally:
                connection.close()
    except (sqlite.Error, OSError, ImportError, AttributeError) as error:
        return [Check("sqlite-vec", "missing", f"it does not load: {error}", fix)]
    return [Check("sqlite-vec", "ok", str(version))]


async def _grammars(root: Path) -> list[Check]:
    import codelab_grammars

    failed = []
    for language in codelab_grammars.LANGUAGES:
        try:
            codelab_grammars.load(language.name)
        except Exception as error:  # whatever a broken wheel raises
            failed.append(f"{language.name} ({error})")
    total = len(codelab_grammars.LANGUAGES)
    if failed:
        fix = "Reinstall CodeLab; files in these languages are indexed as plain text meanwhile"
        return [Check("grammars", "missing", f"not loading: {', '.join(failed)}", fix)]
    version = importlib.metadata.version("tree-sitter")
    return [Check("grammars", "ok", f"{total} languages, tree-sitter {version}")]


async def _folders(root: Path) -> list[Check]:
    places = find_places()
    folders = {"settings": places.config, "data": places.data, "cache": places.cache}
    return [_folder(f"{name} folder", folder) for name, folder in folders.items()]


def _folder(name: str, folder: Path) -> Check:
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    fix = "Make it writable for yourself, or set CODELAB_HOME to a folder that is"
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Check(name, "broken", f"{folder} cannot be written", fix)
    try:
        if existing == folder:
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"\0" * 4096)
    except OSError as error:
        return Check(name, "broken", f"{folder} cannot be written: {cause_of(error)}", fix)
    return Check(name, "ok", str(folder))


async def _policy(root: Path) -> list[Check]:
    from codelab.cli.policies import policy_of
    from codelab.core.wording import counted

    policy, found = await policy_of(root), []
    for file in policy.files:
        for mistake in file.mistakes[:1]:
            fix = "Correct it; until then everything is asked. `codelab policy check` shows all mistakes"
            found.append(Check("policy", "broken", mistake, fix))
    rules = len(policy.rules.rules)
    return found or [Check("policy", "ok", f"{counted(rules, 'rule')} besides those that are built in")]


async def _settings(root: Path) -> list[Check]:
    places = find_places()
    load_settings(places)
    there = places.user_config.exists()
    return [Check("settings", "ok", str(places.user_config) if there else "all at their defaults")]


async def _workspace(root: Path) -> list[Check]:
    from codelab.cli.compose import open_workbench
    from codelab.workbench.types import FaceInfo

    bench = await open_workbench(root, FaceInfo("cli", "doctor", can_prompt=False))
    try:
        index = await bench.index_status(start=False)
        status = await bench.status()
    finally:
        await bench.close()
    trust = "trusted" if status.trusted else "not trusted: its .codelab/config.toml is ignored"
    checks = [Check("workspace", "ok", f"{root} ({trust})")]
    if index.state == "failed":
        fix = "`codelab index` tries again"
        return [*checks, Check("index", "broken", index.last_error or "it could not be built", fix)]
    if index.state == "paused":
        paused = Check(
            "index", "ok", f"paused, {counted(index.files, 'file')}", "`codelab index resume` lets it go on"
        )
        return [*checks, paused]
    if index.state == "fresh":
        return [*checks, Check("index", "ok", f"fresh, {counted(index.files, 'file')}")]
    if index.updated_at and index.files >= index.total:
        return [
            *checks,
            Check("index", "ok", f"{counted(index.files, 'file')}, looked through again at the next search"),
        ]
    return [
        *checks,
        Check(
            "index",
            "ok",
            f"not complete, {counted(index.files, 'file')} so far",
            "`codelab index` completes it",
        ),
    ]


async def _sandbox(root: Path) -> list[Check]:
    from codelab.sandbox.probe import find_sandbox
    from codelab.sandbox.types import SHOWN, Kind

    places = find_places()
    chosen = load_settings(places).settings.sandbox
    try:
        found = await asyncio.to_thread(
            find_sandbox, places.commands, as_root=chosen.as_root, unsandboxed=chosen.unsandboxed
        )
    except Denied as error:
        return [Check("sandbox", "missing", _joined(error.what.lower(), error.why), error.fix)]
    less = f" (not the best: {found.lacking})" if found.lacking else ""
    state: State = "broken" if found.kind is Kind.UNSANDBOXED else "ok"
    return [Check("sandbox", state, f"{found.kind.value}: {SHOWN[found.kind]}{less}")]


async def _model(root: Path) -> list[Check]:
    from codelab_models.client import EndpointModel
    from codelab_models.connect import how_to_add_a_model, open_chat_model
    from codelab_models.found import find_everything

    places = find_places()
    settings = load_settings(places).settings
    if open_chat_model(places, settings, os.environ) is None:
        found = (await find_everything(os.environ, Path.home(), places, settings.models)).found
        none = Check("model", "missing", "none: answers are what the index finds", how_to_add_a_model())
        return [none, *(Check("model found", "ok", one.name, f"To use it: `{one.adds}`") for one in found)]
    endpoint = settings.models.endpoint
    if endpoint:
        await EndpointModel(endpoint, first_token_seconds=_ENDPOINT_SECONDS).models()
    return [Check("model", "ok", settings.models.chat or endpoint)]
