"""Which files a person means by a pattern of paths."""

from collections.abc import Iterable

from pathspec import GitIgnoreSpec

from codelab.core.errors import InputError

_EXAMPLES = "Give a file, a folder, or a pattern such as 'src/**' or '*.py'"


def paths_meant(text: str) -> GitIgnoreSpec | None:
    """Return the paths that a pattern as in .gitignore, a folder or a file means; None if nothing is written.

    Raises:
        InputError: It is no pattern.
    """
    pattern = text.strip().removeprefix("./")
    if not pattern or pattern == ".":
        return None
    try:
        return GitIgnoreSpec.from_lines([pattern])
    except ValueError as error:
        raise InputError(f"{text!r} is no pattern of paths", fix=_EXAMPLES) from error


def check_that_some_match(text: str, meant: GitIgnoreSpec, paths: Iterable[str]) -> None:
    """See to it that a search which found nothing was not for files that are not there.

    Raises:
        InputError: None of the paths matches.
    """
    if not any(map(meant.match_file, paths)):
        raise InputError(f"No file of the index matches the path {text!r}", fix=_EXAMPLES)
