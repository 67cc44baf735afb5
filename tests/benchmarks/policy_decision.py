"""How long policy takes to decide about a call with 200 rules, against the same call with none, interleaved.

    .venv/bin/python -m tests.benchmarks.policy_decision [rounds]

No rule matches, so that every one is looked at; of ``ten allowed`` the last that allows does. The files of
policy are looked at as well before each decision, as a run does.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from codelab.config.places import Places
from codelab.policy.call import PolicyCall, StandingRule
from codelab.policy.decide import decide
from codelab.policy.load import PolicySource
from codelab.policy.types import Access, Risk, Touch

_RULES = 200
_CONDITIONS = (
    'effect = "deny"\npaths = ["legacy{n}/**/*.sql", "vendor{n}/"]',
    'effect = "ask"\ncommands = ["git push origin{n}", "deploy{n}"]',
    'effect = "allow"\npaths = ["generated{n}/**"]\naccess = ["write"]\nagents = ["coder"]',
    'effect = "allow"\ncommands = ["make check{n}"]\nenvironments = ["overlay"]',
    'effect = "deny"\ntools = ["fetch_{n}"]\nclients = ["client {n}"]',
)
_FOLDER = "src/codelab/deep/er"
_STANDING = tuple(StandingRule(str(n), "run_command", "bench", ("cargo", f"test{n}")) for n in range(10))
_CALLS = {
    "an edit": PolicyCall("edit_file", Risk.MEDIUM, (Touch(f"{_FOLDER}/a.py", Access.WRITE),), agent="coder"),
    "a command": PolicyCall(
        *("run_command", Risk.CRITICAL, (Touch(".", Access.EXECUTE),)),
        argv=("sh", "-c", "cd src && pytest -q tests/a.py | tail -5"),
        environment="overlay",
        standing_rules=_STANDING,
    ),
    "ten files": PolicyCall(
        "run_command", Risk.MEDIUM, tuple(Touch(f"{_FOLDER}/{n}.py", Access.WRITE) for n in range(10))
    ),
    "ten allowed": PolicyCall(
        *("edit_file", Risk.MEDIUM),
        tuple(Touch(f"generated{_RULES - 3}/{n}.py", Access.WRITE) for n in range(10)),
        agent="coder",
    ),
}


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with tempfile.TemporaryDirectory() as folder:
        sources = {
            name: _source(Path(folder) / name, rules) for name, rules in (("none", 0), ("all", _RULES))
        }
        for what, call in _CALLS.items():
            times: dict[str, list[float]] = {name: [] for name in sources}
            for _ in range(rounds):
                for name, source in sources.items():
                    began = time.perf_counter()
                    decide(call, source.current().rules)
                    times[name].append((time.perf_counter() - began) * 1000)
            floor = statistics.median(times["none"])
            middle, slow = statistics.median(times["all"]), statistics.quantiles(times["all"], n=20)[18]
            sys.stdout.write(
                f"{what:11} {_RULES} rules: p50 {middle:.3f} ms, p95 {slow:.3f} ms; "
                f"no rule: p50 {floor:.3f} ms; {middle / floor:.1f} x\n"
            )


def _source(folder: Path, rules: int) -> PolicySource:
    folder.mkdir()
    text = "\n".join(
        f'[[rule]]\nname = "rule {n}"\n{_CONDITIONS[n % len(_CONDITIONS)].format(n=n)}\n'
        for n in range(rules)
    )
    (folder / "policy.toml").write_text(text, encoding="utf-8")
    source = PolicySource(
        Places(folder, folder / "d", folder / "c", folder / "s"), folder.parent / "workspace", trusted=False
    )
    loaded = source.current()
    if loaded.notes or len(loaded.rules.rules) != rules:
        raise SystemExit(f"the rules are not all in force: {loaded.notes}")
    return source


if __name__ == "__main__":
    main()
