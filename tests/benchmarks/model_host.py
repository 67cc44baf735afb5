"""What the model host adds to an answer, against the same scripted server asked directly.

    python -m tests.benchmarks.model_host [--repetitions 200] [--model openai/scripted]

Three processes, as in use: the server, the host, and this one, which is the face. One client (the one of the
faces) asks both ways in turn, and who begins changes each time, so that what else the machine does meets
both alike. Ratios are of two answers that followed each other, and of the repetitions the median is told.

- ``later``: how much later the first token comes through the host, at the 50th and 95th percentile of the
  times of each way. Fails above 15 ms at the 95th.
- ``throughput_ratio``: a stream of 200 tokens a second. The server keeps to its clock like a model that
  computes: token n is due n / 200 s after the beginning, however long the one before took. The time from the
  first token to the end of the answer, direct by host. Fails below 0.98. (Slept 1 / 200 s between tokens
  instead, the server loses what its thread wakes too late for each of them; while it ran in the process of
  the client, it lost as well what the client computed. That loss depends on who else has the processor, and
  was what the figure mostly showed.)
- ``late_ms``: how long after it was due a token of that stream comes, at the 95th percentile of each way.
- ``tokens_per_s``: all that come when the server holds nothing back, of an answer of 20,000 whose text is
  compared: nothing may be lost. This is the most of the slowest of the processes. Directly that is mostly the
  client, which unpacks each token, through the host mostly the host, which unpacks and packs it. (Where the
  server shared a process with the client, both had one processor directly and two through the host, which
  therefore could seem faster than no host.)
- ``host_cpu_us_per_token``: what the host computes for each of them.
- ``count_p50_ms``, ``count_p95_ms``: a conversation that grows by 10 KB a turn up to 500 KB is counted
  through the host by the encoding of an OpenAI model, without the first turn, which loads the encoding
  (``count_first_ms``). Agents ask for it before the first token where a conversation may be too long. Fails
  above 15 ms at the median; nothing is measured beside it that the rest of the machine would slow down alike.

`--model custom_openai/scripted` measures the way through litellm.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab_models.chat import ChatModel
from codelab_models.client import EndpointModel
from codelab_models.connect import open_chat_model
from codelab_models.counting import count_tokens
from codelab_models.start import ask_health, ready_host
from codelab_models.wire import ChatRequest, Completion, Message, TextDelta, ToolSpec
from tests.support.model_host import own_places

MOST_LATER_MS = 15.0
LEAST_OF_THROUGHPUT = 0.98
TOKENS_A_SECOND = 200
PIECES_OF_A_STREAM = 600
PIECES_AT_FULL_SPEED = 20_000
ROUNDS = 7
WORD = "word "
NUMBERED = "".join(f"{number:07d} " for number in range(PIECES_AT_FULL_SPEED))
SCENARIO = {
    "rules": [
        {"when": {"text": "first"}, "then": [{"say": "hello", "pieces": 2}]},
        {
            "when": {"text": "paced"},
            "then": [
                {
                    "say": WORD * PIECES_OF_A_STREAM,
                    "pieces": PIECES_OF_A_STREAM,
                    "delay": 1 / TOKENS_A_SECOND,
                }
            ],
        },
        {"when": {"text": "full"}, "then": [{"say": NUMBERED, "pieces": PIECES_AT_FULL_SPEED}]},
    ]
}
COUNTED_MODEL = "openai/gpt-5-mini"
COUNTED_TURNS = 50
COUNTED_TEXT = "def charge(card, amount):\n    return card.bank.charge(amount, fee=0.02)\n" * 140
# Tools keep the host from answering out of its cache.
TOOLS = (ToolSpec("read", "Reads.", {"type": "object"}),)


@dataclass(frozen=True)
class Timed:
    """One answer: seconds from the question to each piece of text and to its end, and its text."""

    arrivals: list[float]
    whole: float
    text: str

    @property
    def lasted(self) -> float:
        """Seconds from the first token to the end."""
        return self.whole - self.arrivals[0]


@dataclass(frozen=True)
class Ways:
    """The server behind the host, and the server itself."""

    through: ChatModel
    direct: ChatModel
    host: int

    async def both(self, question: str, number: int) -> tuple[Timed, Timed]:
        """Ask both ways, whoever's turn it is to be first; return through the host, and directly."""
        if number % 2:
            return await timed(self.through, question), await timed(self.direct, question)
        direct = await timed(self.direct, question)
        return await timed(self.through, question), direct


async def timed(model: ChatModel, question: str) -> Timed:
    """Ask once."""
    request = ChatRequest((Message("user", question),), TOOLS)
    began = time.perf_counter()
    arrivals: list[float] = []
    pieces: list[str] = []
    async for part in model.stream(request):
        if isinstance(part, TextDelta):
            arrivals.append(time.perf_counter() - began)
            pieces.append(part.text)
        else:
            assert isinstance(part, Completion)
    return Timed(arrivals, time.perf_counter() - began, "".join(pieces))


def percentile(seconds: list[float], part: float) -> float:
    """Return a percentile in milliseconds."""
    return 1000 * sorted(seconds)[min(len(seconds) - 1, round(part * len(seconds)))]


@contextmanager
def server_process() -> Iterator[str]:
    """Run the scripted server in a process of its own and give its base URL."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "scenario.json"
        scenario.write_text(json.dumps(SCENARIO), encoding="utf-8")
        command = [sys.executable, "-m", "tests.support.model_server", str(scenario)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                yield process.stdout.readline().strip()
            finally:
                process.terminate()


@asynccontextmanager
async def both_ways(places: Places, model: str) -> AsyncIterator[Ways]:
    """Start the host and the server."""
    with server_process() as base_url:
        settings = Settings(models=ModelSettings(chat=model, api_base=base_url, requests_per_hour=1_000_000))
        host = await ask_health(await ready_host(places, settings))
        through = open_chat_model(places, settings, {"CODELAB_API_KEY": "a-key"})
        assert through is not None
        yield Ways(through, EndpointModel(base_url, "scripted"), host.pid)


async def first_tokens(ways: Ways, repetitions: int) -> dict[str, float]:
    """Measure the time to the first token."""
    found = [await ways.both("first", number) for number in range(repetitions + 5)][5:]  # the first connect
    through = [one.arrivals[0] for one, _ in found]
    direct = [other.arrivals[0] for _, other in found]
    figures = {}
    for name, part in (("p50", 0.5), ("p95", 0.95)):
        host, server = percentile(through, part), percentile(direct, part)
        figures |= {f"host_{name}_ms": host, f"direct_{name}_ms": server, f"later_{name}_ms": host - server}
    return figures


async def throughput(ways: Ways) -> dict[str, float]:
    """Measure a stream of 200 tokens a second."""
    found = [await ways.both("paced", number) for number in range(ROUNDS)]
    ratios = [other.lasted / one.lasted for one, other in found]
    late = [[percentile(lateness(timing), 0.95) for timing in pair] for pair in found]
    return {
        "throughput_ratio": statistics.median(ratios),
        "throughput_ratio_worst": min(ratios),
        "host_late_p95_ms": statistics.median(pair[0] for pair in late),
        "direct_late_p95_ms": statistics.median(pair[1] for pair in late),
    }


def lateness(timing: Timed) -> list[float]:
    """Return by how many seconds each token came after it was due, counted from the most punctual one."""
    behind = [at - number / TOKENS_A_SECOND for number, at in enumerate(timing.arrivals)]
    return [seconds - min(behind) for seconds in behind]


async def full_speed(ways: Ways) -> dict[str, float]:
    """Measure how many tokens a second come through, and how many directly."""
    through, direct, computed = [], [], []
    for number in range(ROUNDS):
        before = cpu_seconds(ways.host)
        one, other = await ways.both("full", number)
        computed.append((cpu_seconds(ways.host) - before) / PIECES_AT_FULL_SPEED * 1e6)
        assert one.text == other.text == NUMBERED, "something was lost"
        through.append(PIECES_AT_FULL_SPEED / one.whole)
        direct.append(PIECES_AT_FULL_SPEED / other.whole)
    return {
        "host_tokens_per_s": statistics.median(through),
        "direct_tokens_per_s": statistics.median(direct),
        "host_cpu_us_per_token": statistics.median(computed),
    }


def cpu_seconds(pid: int) -> float:
    """Return what a process has computed so far; fields 14 and 15 of proc(5)'s ``stat``."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def counting(places: Places) -> dict[str, float]:
    """Measure a count before each turn of a long conversation."""
    settings = Settings(models=ModelSettings(chat=COUNTED_MODEL))
    model = open_chat_model(places, settings, {})
    assert model is not None
    said: list[Message] = []
    seconds = []
    for turn in range(COUNTED_TURNS):
        said.append(Message("user", f"{turn} {COUNTED_TEXT}"))
        began = time.perf_counter()
        assert await count_tokens(model, ChatRequest(tuple(said), TOOLS)), "nobody counted in time"
        seconds.append(time.perf_counter() - began)
    figures = {name: percentile(seconds[1:], part) for name, part in (("p50", 0.5), ("p95", 0.95))}
    return {f"count_{name}_ms": value for name, value in figures.items()} | {
        "count_first_ms": 1000 * seconds[0]
    }


async def measure(places: Places, model: str, repetitions: int) -> dict[str, float]:
    """Measure everything."""
    async with both_ways(places, model) as ways:
        return {
            **await first_tokens(ways, repetitions),
            **await throughput(ways),
            **await full_speed(ways),
            **await counting(places),
        }


def main() -> int:
    """Measure and say whether it is good enough."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--model", default="openai/scripted")
    options = parser.parse_args()
    with own_places() as places:
        found = asyncio.run(measure(places, options.model, options.repetitions))
    sys.stdout.write(json.dumps({name: round(value, 3) for name, value in found.items()}, indent=1) + "\n")
    soon = max(found["later_p95_ms"], found["count_p50_ms"]) <= MOST_LATER_MS
    return 0 if soon and found["throughput_ratio"] >= LEAST_OF_THROUGHPUT else 1


if __name__ == "__main__":
    sys.exit(main())
