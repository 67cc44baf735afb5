"""What hostile commands try, as an ordinary user: in each sandbox it fails, and without one it succeeds."""

import pytest

from codelab.sandbox.types import Kind
from tests.programme.volume import Volume
from tests.sandbox.attacks import ATTACKS
from tests.support.sandboxes import in_sandboxes

pytestmark = pytest.mark.slow

SANDBOXES = (Kind.OVERLAY, Kind.READ_ONLY, Kind.LANDLOCK)


@pytest.mark.programme("escapes")
@pytest.mark.req("SAFE-6", "SAFE-5")
@pytest.mark.parametrize("kind", SANDBOXES)
def test_no_attack_gets_out_of_the_sandbox(kind: Kind, volume: Volume) -> None:
    assert len(ATTACKS) == volume(60, 60)
    results = in_sandboxes([{"attack": name, "kind": kind.value} for name in ATTACKS])
    leaked = [name for name, result in zip(ATTACKS, results, strict=True) if result["leaked"]]
    assert leaked == []


@pytest.mark.req("SAFE-6")
def test_every_attack_works_where_there_is_no_sandbox() -> None:
    results = in_sandboxes([{"attack": name, "kind": Kind.UNSANDBOXED.value} for name in ATTACKS])
    harmless = {
        name: result["output"] for name, result in zip(ATTACKS, results, strict=True) if not result["leaked"]
    }
    assert harmless == {}
