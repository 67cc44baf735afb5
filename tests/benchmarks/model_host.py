"""What the model host adds to an answer, against the same scripted server asked directly.

    python -m tests.benchmarks.model_host [--repetitions 200] [--model openai/scripted]

Both ways are asked in turn. Prints how much later the first token comes through the host (50th and 95th
percentile of the times of each way, and their difference), which part of a stream of 200 tokens a second
arrives as fast, and how many tokens a second come through without loss when the server holds nothing back.
Fails if the first token is more than 15 ms later at the 95th percentile, or less than 0.98 of the stream
arrives in the same time. `--model custom_openai/scripted` measures the way through litellm.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from dataclasses import dataclass

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab_models.chat import ChatModel
from codelab_models.client import EndpointModel
from codelab_models.connect import open_chat_model
from codelab_models.start import ready_host
from codelab_models.wire import ChatRequest, Completion, Message, TextDelta, ToolSpec
from tests.support.model_host import own_places
from tests.support.model_server import When, scripted_model

MOST_LATER_MS = 15.0
LEAST_OF_THROUGHPUT = 0.98
TOKENS_A_SECOND = 200
PIECES_OF_A_STREAM = 600
PIECES_AT_FULL_SPEED = 20_000
# Tools keep the host from answering out of its cache.
REQUEST = ChatRequest((Message("user", "hello"),), (ToolSpec("read", "Reads.", {"type": "object"}),))


@dataclass(frozen=True)
class Timed:
    """One answer: seconds to its first token and to its end, and its text."""

    first: float
    whole: float
    text: str


async def timed(model: ChatModel) -> Timed:
    """Ask once."""
    began = time.perf_counter()
    first = 0.0
    pieces = []
    async for part in model.stream(REQUEST):
        first = first or time.perf_counter() - began
        if isinstance(part, TextDelta):
            pieces.append(part.text)
        else:
            assert isinstance(part, Completion)
    return Timed(first, time.perf_counter() - began, "".join(pieces))


def percentile(seconds: list[float], part: float) -> float:
    """Return a percentile in milliseconds."""
    return 1000 * sorted(seconds)[min(len(seconds) - 1, round(part * len(seconds)))]


def both_ways(places: Places, base_url: str, model: str) -> tuple[ChatModel, ChatModel]:
    """Return the server behind the host, and the server itself."""
    settings = Settings(models=ModelSettings(chat=model, api_base=base_url, requests_per_hour=1_000_000))
    through = open_chat_model(places, settings, {"CODELAB_API_KEY": "a-key"})
    assert through is not None
    return through, EndpointModel(base_url, "scripted")


async def first_tokens(places: Places, model: str, repetitions: int) -> dict[str, float]:
    """Measure the time to the first token."""
    with scripted_model([When().say("hello", pieces=2)]) as server:
        through, direct = both_ways(places, server.base_url, model)
        host, server_alone = [], []
        for number in range(repetitions + 5):
            one, other = await timed(through), await timed(direct)
            if number >= 5:  # the first ones import and connect
                host.append(one.first)
                server_alone.append(other.first)
    figures = {
        "host_p50_ms": percentile(host, 0.5),
        "host_p95_ms": percentile(host, 0.95),
        "direct_p50_ms": percentile(server_alone, 0.5),
        "direct_p95_ms": percentile(server_alone, 0.95),
    }
    later = {
        "later_p50_ms": figures["host_p50_ms"] - figures["direct_p50_ms"],
        "later_p95_ms": figures["host_p95_ms"] - figures["direct_p95_ms"],
    }
    return {**figures, **later}


async def throughput(places: Places, model: str) -> float:
    """Return the part of a stream of 200 tokens a second that arrives as fast as directly."""
    rule = When().say("word " * PIECES_OF_A_STREAM, pieces=PIECES_OF_A_STREAM, delay=1 / TOKENS_A_SECOND)
    with scripted_model([rule]) as server:
        through, direct = both_ways(places, server.base_url, model)
        parts = []
        for _ in range(3):
            one, other = await timed(through), await timed(direct)
            parts.append((other.whole - other.first) / (one.whole - one.first))
    return statistics.median(parts)


async def full_speed(places: Places, model: str) -> dict[str, float]:
    """Return how many tokens a second come through, and how many directly."""
    text = "".join(f"{number:07d} " for number in range(PIECES_AT_FULL_SPEED))
    with scripted_model([When().say(text, pieces=PIECES_AT_FULL_SPEED)]) as server:
        through, direct = both_ways(places, server.base_url, model)
        one, other = await timed(through), await timed(direct)
    assert one.text == text, "something was lost"
    return {
        "host_tokens_per_s": PIECES_AT_FULL_SPEED / one.whole,
        "direct_tokens_per_s": PIECES_AT_FULL_SPEED / other.whole,
    }


async def measure(places: Places, model: str, repetitions: int) -> dict[str, float]:
    """Measure everything."""
    await ready_host(places, Settings())
    found = await first_tokens(places, model, repetitions)
    found["throughput_ratio"] = await throughput(places, model)
    return {**found, **await full_speed(places, model)}


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
    good = found["later_p95_ms"] <= MOST_LATER_MS and found["throughput_ratio"] >= LEAST_OF_THROUGHPUT
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
