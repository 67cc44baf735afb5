"""The one tree of errors.

    CodeLabError            every failure that a person may see
    |- InputError           what was asked cannot be done as asked
    |  |- PathRefused       a path outside the workspace, protected, or not a plain file
    |  |- EditConflict      a file is not what the edit was made for
    |  `- NotFound          no such session, run, approval, checkpoint, symbol
    |- StateError           a database, lock or cache that cannot be used
    |  `- NewerDatabase     written by a newer CodeLab
    |- ModelError           a model that is missing, unreachable, refusing, or not making sense
    |  `- NoModel           none is configured
    |- LimitReached         a limit of the run or of the service
    |- Denied               policy or the person said no
    `- Cancelled            the person stopped it

Each says what happened, why, and what the person can do.
"""

from codelab.core.redaction import redact


class CodeLabError(Exception):
    """A failure told in three short sentences, without the known secrets.

    Args:
        what: What happened, one sentence without a final full stop.
        why: The cause, if known.
        fix: What the person can do about it.
    """

    exit_code = 1

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        self.what = redact(what)
        self.why = redact(why)
        self.fix = redact(fix)
        super().__init__(self.what)

    def __str__(self) -> str:
        return " ".join(f"{part.rstrip('.')}." for part in (self.what, self.why, self.fix) if part)


class InputError(CodeLabError):
    """What was asked cannot be done as asked."""

    exit_code = 2


class PathRefused(InputError):
    """A path outside the workspace, protected, or not a plain file."""


class EditConflict(InputError):
    """A file is not what the edit was made for."""


class NotFound(InputError):
    """No such session, run, approval, checkpoint or symbol."""


class StateError(CodeLabError):
    """A database, lock or cache that cannot be used."""

    exit_code = 3


class NewerDatabase(StateError):
    """The database was written by a newer CodeLab."""


class ModelError(CodeLabError):
    """A model that is missing, unreachable, refusing, or not making sense."""

    exit_code = 4


class NoModel(ModelError):
    """No model is configured."""


class LimitReached(CodeLabError):
    """A limit of the run or of the service."""

    exit_code = 5


class Denied(CodeLabError):
    """Policy or the person said no."""

    exit_code = 6


class Cancelled(CodeLabError):
    """The person stopped it."""

    exit_code = 130
