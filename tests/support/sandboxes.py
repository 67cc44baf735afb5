"""Commands in sandboxes, run as an ordinary user in a process of their own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]


def in_sandboxes(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run cases as ``tests.sandbox.inside`` understands them; return what became of each.

    Raises:
        AssertionError: There is no sandbox with an overlay here; says why. Install bubblewrap.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "tests.sandbox.inside"],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        cwd=_ROOT,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert answer["best"] == "overlay", f"no full sandbox here: {answer['lacking']}"
    results: list[dict[str, Any]] = answer["results"]
    return results
