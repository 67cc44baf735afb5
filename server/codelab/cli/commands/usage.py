"""``codelab usage``: what was asked of models, what it cost, and how near the limits are."""

import argparse
import asyncio
from typing import Any

from codelab.cli.terminal import Terminal
from codelab.core.wording import counted

GROUPS = ("model", "agent", "session", "provider", "day")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--by", choices=GROUPS, default="model", help="how this month is broken down")
    parser.add_argument("--clear-cache", action="store_true", help="forget the answers that are kept")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Ask the model host, which is started if it does not run."""
    from codelab.config.load import load_settings
    from codelab.config.places import find_places
    from codelab_models.usage import clear_cache, read_usage

    places = find_places()
    settings = load_settings(places).settings
    if options.clear_cache:
        cleared = asyncio.run(clear_cache(places, settings))
        if terminal.as_json:
            terminal.show_json({"cleared": cleared})
        else:
            terminal.show(f"{cleared} kept answers are forgotten.")
        return 0
    said = asyncio.run(read_usage(places, settings, options.by))
    if terminal.as_json:
        terminal.show_json(said)
    else:
        for line in lines(said):
            terminal.show(line)
    return 0


def lines(said: dict[str, Any]) -> list[str]:
    """Return what the host told as lines for a person."""
    titles = {"hour": "Last hour", "day": "Today", "month": "This month", "all": "All"}
    shown = [_line(title, said["totals"][name]) for name, title in titles.items()]
    if said["this_month"]:
        shown += ["", f"This month by {said['by']}:"]
        shown += [_line(f"  {row['name'] or '(none)'}", row) for row in said["this_month"]]
    limits = dict(said["limits"])
    rate = limits.pop("requests_per_hour")
    shown += ["", _limit("Requests in an hour", rate, "models.requests_per_hour", "")]
    for name in ("day", "month"):
        setting = f"budget_usd_{name}"
        shown.append(_limit(f"Spent this {name}", limits.pop(setting), f"models.{setting}", "$"))
    shown += [_limit(f"Spent for {name}", one, "models.budgets", "$") for name, one in limits.items()]
    cache = said["cache"]
    used = counted(cache["hits"], "time")
    shown.append(f"Kept answers: {cache['answers']}, used {used} (--clear-cache forgets them)")
    for one in said["left_alone"]:
        where = one["api_base"] or one["provider"]
        times = counted(one["failures"], "time")
        shown.append(f"{where} failed {times} in a row; asked again in {one['seconds']:.0f} s")
    return shown + [f"Note: {warning}" for warning in said["warnings"]]


def _line(title: str, sums: dict[str, Any]) -> str:
    parts = [counted(sums["requests"], "request")]
    if sums["cached"]:
        parts.append(f"{sums['cached']:,} answered from the cache")
    if sums["failed"]:
        parts.append("1 attempt failed" if sums["failed"] == 1 else f"{sums['failed']:,} attempts failed")
    tokens = f"{sums['tokens_in']:,} tokens in"
    if sums["tokens_cached"]:
        tokens += f" ({sums['tokens_cached']:,} of them in the provider's cache)"
    parts += [tokens, f"{sums['tokens_out']:,} out", f"${sums['cost_usd']:.4f}"]
    return f"{title}: {', '.join(parts)}"


def _limit(title: str, standing: dict[str, float], setting: str, unit: str) -> str:
    used = f"{standing['used']:.4f}" if unit else f"{standing['used']:.0f}"
    if not standing["limit"]:
        return f"{title}: {unit}{used} (no limit; {setting} sets one)"
    return f"{title}: {unit}{used} of {unit}{standing['limit']:g} ({setting})"
