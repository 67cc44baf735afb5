"""Models that are files as candidates: what they can do here, and whether this machine can load them."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from codelab.config.settings import ModelSettings
from codelab.core.errors import ModelError
from codelab_models.gguf import GgufFacts, read_gguf
from codelab_models.host.local.plan import Purpose, plan_for
from codelab_models.local_models import path_of
from codelab_models.naming import file_named
from codelab_models.registry.describe import profile_of
from codelab_models.registry.families import Family
from codelab_models.registry.profile import Profile
from codelab_models.registry.select import Candidate, Role
from codelab_models.sentence_models import ONNX, read_sentence_model
from codelab_models.unknown import no_such_file

LOOK_AGAIN_SECONDS = 30.0


class FilesByName:
    """Finds the files that names mean, and remembers for half a minute where they are."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._known: dict[str, tuple[float, Path]] = {}

    def find(self, model: str) -> Path:
        """Return the file of ``gguf:/path`` or ``local/NAME``.

        Raises:
            ModelError: There is none.
        """
        at, path = self._known.get(model, (float("-inf"), Path()))
        if time.monotonic() - at >= LOOK_AGAIN_SECONDS:
            path = path_of(model, self._folders)
            self._known[model] = (time.monotonic(), path)
        if not path.is_file():
            self._known.pop(model, None)
            raise no_such_file(file_named(model) or path)
        return path


def file_candidate(
    found: Candidate, path: Path, models: ModelSettings, own: Sequence[Family], role: Role
) -> tuple[Candidate, ModelError | None]:
    """Return a candidate with what its file says, and why it cannot be loaded where that is so.

    The context is the one that the model host would give it: as the file says, no more than
    ``models.local_context``, and what the memory allows beside the weights.

    Args:
        found: Its name and who named it.
        path: The file; of a model in parts, the first.
        models: The memory ceiling and the most context.
        own: The person's families, which win.
        role: What it is wanted for.
    """
    if path.suffix == ONNX:
        return _embedder(found, path)
    profile = profile_of(path.name, own, file=path)
    try:
        facts = read_gguf(path)
    except ModelError as error:
        return replace(found, profile=profile), error
    candidate = replace(found, profile=profile, file_bytes=facts.size_bytes)
    return _planned(candidate, facts, profile, models, role)


def _embedder(found: Candidate, path: Path) -> tuple[Candidate, ModelError | None]:
    try:
        known = read_sentence_model(path)
    except ModelError as error:
        return found, error
    profile = Profile(chat=False, embedding=True, context=known.tokens)
    return replace(found, profile=profile, file_bytes=known.size_bytes), None


def _planned(
    candidate: Candidate, facts: GgufFacts, profile: Profile, models: ModelSettings, role: Role
) -> tuple[Candidate, ModelError | None]:
    purpose = Purpose.EMBEDDING if role is Role.EMBEDDING else Purpose.CHAT
    if purpose is Purpose.CHAT and not profile.chat:
        return candidate, None  # the selector has words for that
    try:
        context = plan_for(facts, purpose, models).context
    except ModelError as error:
        return candidate, error
    known = min(profile.context or context, context)
    return replace(candidate, profile=replace(profile, context=known)), None
