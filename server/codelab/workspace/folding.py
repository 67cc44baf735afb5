"""Names compared as the most lenient file system would."""

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=4096)
def folded(path: str) -> str:
    """Return a path without case, compatibility forms, invisible characters and trailing dots.

    Two paths that some file system takes for the same file fold to the same text.

    Args:
        path: With forward slashes.
    """
    return "/".join(_part(part) for part in path.split("/"))


def _part(part: str) -> str:
    if not part.isascii():
        normal = unicodedata.normalize("NFKC", part)
        part = "".join(c for c in normal if unicodedata.category(c) != "Cf")
    return part.partition(":")[0].rstrip(" .").casefold()
