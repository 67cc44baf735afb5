"""How the index stands, in one line for a person."""

import time

from codelab.index.types import IndexStatus


def index_line(index: IndexStatus) -> str:
    """Return in one line how the index stands."""
    if index.state == "paused":
        line = f"index: paused, {index.files:,} of {max(index.files, index.total):,} files"
        without = index.chunks - index.embedded if index.embedding_pending else 0
        return f"{line}, {without:,} of {index.chunks:,} chunks without vectors" if without > 0 else line
    if index.state == "fresh":
        return f"index: fresh, {index.files:,} files ({_ago(index.updated_at)})"
    if index.state == "failed":
        return f"index: failed. {index.last_error}"
    if index.state == "building":
        return _building(index)
    if index.state == "unfinished":
        return f"index: not complete, {index.files:,} of {index.total:,} files, and nothing is at work on it"
    return "index: none yet"


def _building(index: IndexStatus) -> str:
    if index.updated_at and index.files >= index.total:
        return f"index: {index.files:,} files ({_ago(index.updated_at)}), being looked through again"
    return f"index: building, {index.files:,} of {index.total:,} files"


def _ago(moment: float) -> str:
    seconds = max(0, int(time.time() - moment))
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {name} ago"
    return f"{seconds} s ago"
