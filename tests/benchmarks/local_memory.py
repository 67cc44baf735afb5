"""What a local model costs in memory when several faces and sessions use it: a ratio to one session alone.

    .venv/bin/python tests/benchmarks/local_memory.py [--megabytes 500] [--folder FOLDER]

Two faces, each a process of its own, hold three conversations with one GGUF file of random weights. Memory is
the proportional set size of the model host and of all its children, so that pages mapped twice count once.
The floor is the same after one face has had one conversation.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab_models.connect import open_chat_model
from codelab_models.wire import ChatRequest, Message, TextDelta
from tests.support.gguf_models import write_random
from tests.support.local_models import children_of
from tests.support.model_host import own_places, pid_of_host

ALLOWED = 1.10
_LAYER_BYTES = 33_600_000  # of width 1024 with a feed-forward part of 4096, in 16-bit numbers


def main() -> int:
    """Measure; return 0 if the bar is met."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--face", nargs=3, metavar=("HOME", "FILE", "SESSIONS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.face:
        home, file, sessions = options.face
        asyncio.run(_face(Path(home), file, int(sessions)))
        return 0
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, own_places() as places:
        layers = -(-options.megabytes * 1_000_000 // _LAYER_BYTES)
        path = write_random(
            Path(folder) / "large.gguf", width=1024, layers=layers, feed=4096, kind=np.float16
        )
        sys.stdout.write(f"{path.stat().st_size / 1e6:.0f} MB of random weights\n")
        host = pid_of_host(places, Settings())
        home = places.cache.parent
        _run_faces(home, path, [1])
        floor = _memory(host)
        _run_faces(home, path, [2, 1])
        after = _memory(host)
        models = len(children_of(host))
        sys.stdout.write(
            f"one session: {floor / 1e6:.0f} MB; two faces, three sessions: {after / 1e6:.0f} MB\n"
        )
        sys.stdout.write(
            f"ratio {after / floor:.3f} (at most {ALLOWED:.2f}); loaded {models} time{'s' * (models != 1)}\n"
        )
        return 0 if after <= ALLOWED * floor and models == 1 else 1


def _run_faces(home: Path, path: Path, sessions: list[int]) -> None:
    command = [sys.executable, __file__, "--face", str(home), str(path)]
    faces = [subprocess.Popen([*command, str(count)]) for count in sessions]
    for face in faces:
        if face.wait() != 0:
            raise SystemExit("a face failed")


async def _face(home: Path, file: str, sessions: int) -> None:
    """Hold conversations of two turns each, side by side."""
    places = Places(home / "config", home / "data", home / "cache")
    model = open_chat_model(places, Settings(models=ModelSettings(chat=f"gguf:{file}")), {})
    if model is None:
        raise SystemExit("there is no model")

    async def converse(number: int) -> None:
        said: list[Message] = []
        for turn in ("first", "second"):
            said.append(Message("user", f"conversation {number} of this face, {turn} question"))
            request = ChatRequest(tuple(said), max_tokens=8, temperature=1.0)
            text = ""
            async for part in model.stream(request):
                text += part.text if isinstance(part, TextDelta) else ""
            said.append(Message("assistant", text))

    await asyncio.gather(*(converse(number) for number in range(sessions)))


def _memory(host: int) -> int:
    total = 0
    for pid in (host, *children_of(host)):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(rollup.partition("\nPss:")[2].split()[0]) * 1024
    return total


if __name__ == "__main__":
    sys.exit(main())
