"""How the index stands, in one line for a person."""

import time

from codelab.core.wording import counted
from codelab.index.types import IndexStatus


def index_line(index: IndexStatus) -> str:
    """Return in one line how the index stands."""
    if index.state == "paused":
        line = f"index: paused, {index.files:,} of {counted(max(index.files, index.total), 'file')}"
        without = index.chunks - index.embedded if index.embedding_pending else 0
        chunks = counted(index.chunks, "chunk")
        return f"{line}, {without:,} of {chunks} without vectors" if without > 0 else line
    if index.state == "fresh":
        return f"index: fresh, {counted(index.files, 'file')} ({_ago(index.updated_at)})"
    if index.state == "failed":
        return f"index: failed. {index.last_error}"
    if index.state == "building":
        return _building(index)
    if index.state == "unfinished":
        files = counted(index.total, "file")
        return f"index: not complete, {index.files:,} of {files}, and nothing is at work on it"
    return "index: none yet"


def _building(index: IndexStatus) -> str:
    if index.updated_at and index.files >= index.total:
        return f"index: {counted(index.files, 'file')} ({_ago(index.updated_at)}), being looked through again"
    return f"index: building, {index.files:,} of {counted(index.total, 'file')}"


def _ago(moment: float) -> str:
    seconds = max(0, int(time.time() - moment))
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {name} ago"
    return f"{seconds} s ago"
