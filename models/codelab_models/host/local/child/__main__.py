"""``python -m codelab_models.host.local.child SPEC``: started by the model host, never by hand.

It is sent

    {"id": 1, "do": "chat", ...}       see ``engine.Engine.chat``
    {"id": 2, "do": "embed", ...}      see ``engine.Engine.embed`` and ``sentences.SentenceEngine.embed``
    {"id": 3, "do": "count", ...}      see ``engine.Engine.count``; it is answered beside the others
    {"cancel": 1}                      stop that one, even in the middle of a prompt

and says

    {"loaded": {...}}                  once, or {"failed": {...}} and ends
    {"id": 1, ...}                     what comes of it; the last has ``done``, ``cancelled`` or ``error``

An error has ``kind``, ``what``, ``why`` and ``fix``, as ``codelab_models.failures`` has them.
"""

import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, failure, kind_of, one_line
from codelab_models.host.local.child.cancelling import Cancelling, Stopped
from codelab_models.host.local.child.events import Say

_Requests = queue.SimpleQueue[dict[str, Any]]

LIKELY_VICTIM = "600"  # of 1000: where memory runs out, this process goes before an editor does


class _Said:
    """Writes events; whatever else this process prints must not get among them."""

    def __init__(self) -> None:
        self._out: BinaryIO = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def __call__(self, event: dict[str, Any]) -> None:
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"
        with self._lock:
            self._out.write(line.encode("utf-8", "replace"))


class _Work(NamedTuple):
    """What is said of a loaded model, and what it does for each kind of request."""

    facts: dict[str, Any]
    of: dict[str, Callable[[dict[str, Any], Say], None]]


def _work(spec: dict[str, Any], cancelling: Cancelling) -> _Work:
    """Load a model."""
    if spec["purpose"] == "sentences":
        from codelab_models.host.local.child.sentences import SentenceEngine

        sentences = SentenceEngine(spec, cancelling)
        return _Work(sentences.facts, {"embed": sentences.embed})
    from codelab_models.host.local.child.engine import Engine

    engine = Engine(spec, cancelling)
    return _Work(engine.facts, {"chat": engine.chat, "embed": engine.embed, "count": engine.count})


def main() -> None:
    """Load the model, then answer requests until the host is gone."""
    say = _Said()
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(LIKELY_VICTIM)
    cancelling = Cancelling()
    requests: _Requests = queue.SimpleQueue()
    aside: _Requests = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests, aside, cancelling), daemon=True).start()
    try:
        work = _work(json.loads(sys.argv[1]), cancelling)
    except Exception as error:  # told to the host, which knows what to do
        say({"failed": _told(error)})
        return
    say({"loaded": work.facts})
    threading.Thread(target=_serve, args=(aside, work, say, lambda _: None), daemon=True).start()
    _serve(requests, work, say, cancelling.begin)


def _serve(requests: _Requests, work: _Work, say: _Said, begin: Callable[[int], None]) -> None:
    while True:
        request = requests.get()
        number = request["id"]
        try:
            begin(number)
            work.of[request["do"]](request, partial(_answer, say, number))
        except Stopped:
            say({"id": number, "cancelled": True})
        except Exception as error:  # told to the host, which knows what to do
            say({"id": number, "error": _told(error)})


def _read(requests: _Requests, aside: _Requests, cancelling: Cancelling) -> None:
    for line in sys.stdin.buffer:
        message = json.loads(line)
        if "cancel" in message:
            cancelling.cancel(message["cancel"])
        else:
            (aside if message["do"] == "count" else requests).put(message)
    os._exit(0)  # the host has gone, and nobody wants what is being computed


def _answer(say: _Said, number: int, event: dict[str, Any]) -> None:
    say({"id": number, **event})


def _told(error: Exception) -> dict[str, str]:
    if not isinstance(error, ModelError):
        why = one_line(f"{type(error).__name__}: {error}")
        error = failure(FailureKind.SERVER, "The local model failed", why=why)
    return {"kind": str(kind_of(error)), "what": error.what, "why": error.why, "fix": error.fix}


if __name__ == "__main__":
    main()
