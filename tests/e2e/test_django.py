"""The main job on a large real project: Django's source tree, indexed, asked, searched, changed in Neovim.

CODELAB_DJANGO=/path/to/unpacked/Django-5.2.19-sdist pytest -m long tests/e2e/test_django.py
"""

import os
import shutil
from pathlib import Path

import pytest

from tests.support.bench import configure
from tests.support.command_line import codelab_process
from tests.support.model_server import When, scripted_model
from tests.support.neovim import play

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

COMMENT = "# codelab: raise ValueError when the version has no parts\n"
OLD = 'def get_main_version(version=None):\n    """Return main version (X.Y[.Z]) from VERSION."""\n'
NEW = OLD + "    if version == ():\n        raise ValueError(version)\n"
EDIT = When(role="user", times=1).call(
    "edit_file",
    {
        "path": "django/utils/version.py",
        "replacements": [{"old": COMMENT, "new": ""}, {"old": OLD, "new": NEW}],
    },
)


@pytest.fixture
def django(tmp_path: Path) -> Path:
    """A copy of Django's source tree."""
    given = os.environ.get("CODELAB_DJANGO", "")
    if not (Path(given) / "django" / "utils" / "version.py").is_file():
        pytest.fail("Set CODELAB_DJANGO to an unpacked source archive of Django 5.2.19 (pip download it)")
    root = tmp_path / "django"
    shutil.copytree(given, root)
    (root / ".git").mkdir(exist_ok=True)
    return root


@pytest.mark.req("INDEX-1", "INDEX-4", "MODEL-5")
def test_django_is_indexed_asked_and_searched(django: Path) -> None:
    indexed = codelab_process("index", "--root", django, "--json").data
    assert indexed["languages"]["python"] == 2823
    question = "how does the migration recorder note that a migration was applied?"
    answer = codelab_process("ask", "--root", django, "--json", question).data
    assert "django/db/migrations/recorder.py" in [source["path"] for source in answer["sources"]]
    found = codelab_process("search", "--root", django, "--json", "class QuerySet").data
    assert found[0]["path"] == "django/db/models/query.py"


@pytest.mark.req("CARD-3", "CARD-5", "CARD-6", "SAFE-8")
def test_an_edit_of_django_in_neovim_is_approved_applied_and_undone_to_the_byte(django: Path) -> None:
    file = django / "django" / "utils" / "version.py"
    before = COMMENT + file.read_text()
    file.write_text(before)
    with scripted_model([EDIT, When(role="tool").say("An empty version is refused now.")]) as model:
        configure(model)
        played = play("approve", file)
    assert played["applied"] == before.replace(COMMENT, "").replace(OLD, NEW)
    assert played["undone"] == before
    assert file.read_bytes() == before.encode()


@pytest.mark.req("CARD-5", "SAFE-2")
def test_a_rejected_edit_of_django_changes_nothing(django: Path) -> None:
    file = django / "django" / "utils" / "version.py"
    before = COMMENT + file.read_text()
    file.write_text(before)
    rules = [
        EDIT,
        When("rejected this change", role="tool", times=1).say("Then not."),
        EDIT,
        When("no answer", role="tool").say("Not at all."),
    ]
    with scripted_model(rules) as model:
        configure(model)
        played = play("reject", file)
    assert played["text"] == before
    assert file.read_bytes() == before.encode()


@pytest.mark.req("CARD-3", "SAFE-8")
def test_a_cancel_in_the_middle_leaves_django_as_it_was(django: Path) -> None:
    file = django / "django" / "utils" / "version.py"
    before = COMMENT + file.read_text()
    file.write_text(before)
    with scripted_model([When(role="user").say("I shall ").stall()]) as model:
        configure(model)
        played = play("cancel", file)
    assert played["text"] == before
    assert file.read_bytes() == before.encode()
