"""Which sandbox is found, and what a person is told where there is none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from codelab.core.errors import Denied
from codelab.sandbox.environment import clean_environment
from codelab.sandbox.probe import find_sandbox
from codelab.sandbox.system_programs import system_program
from codelab.sandbox.types import Kind

AS_ROOT = """
import sys
from pathlib import Path
from codelab.core.errors import Denied
from codelab.sandbox.probe import find_sandbox
try:
    print(find_sandbox(Path(sys.argv[1]), as_root=sys.argv[2] == "yes").kind)
except Denied as error:
    print(error)
"""


@pytest.mark.req("SAFE-6")
def test_root_is_refused_unless_the_person_says_otherwise(tmp_path: Path) -> None:
    become_root = [] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user"]
    told = [
        subprocess.run(
            [*become_root, sys.executable, "-c", AS_ROOT, str(tmp_path), answer],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for answer in ("no", "yes")
    ]
    assert told[0].startswith("Commands are off. CodeLab runs as root")
    assert "sandbox.as_root" in told[0]
    # The control. In a namespace of one user root's programs are nobody's, and bubblewrap is passed over.
    assert told[1] == ("overlay\n" if os.geteuid() == 0 else "landlock\n")


@pytest.mark.req("SAFE-6")
def test_the_sandbox_is_found_by_trying_it_and_leaves_nothing(tmp_path: Path) -> None:
    found = find_sandbox(tmp_path / "commands", as_root=True)
    assert (found.kind, found.lacking) == (Kind.OVERLAY, "")
    assert list((tmp_path / "commands").iterdir()) == []


@pytest.mark.req("SAFE-6")
def test_programs_of_the_system_are_never_taken_from_the_search_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert system_program("bwrap").startswith(("/usr/", "/bin/", "/run/"))
    assert system_program("no-such-program") == ""


@pytest.mark.req("SAFE-6")
def test_the_environment_of_a_command_holds_nothing_of_the_persons(tmp_path: Path) -> None:
    (tmp_path / ".venv/bin").mkdir(parents=True)
    given = {
        "OPENAI_API_KEY": "key",
        "LD_PRELOAD": "/evil.so",
        "PYTHONPATH": "/evil",
        "LC_ALL": "C\n",
        "LANG": "de_DE.UTF-8",
        "PATH": f"/usr/bin:{tmp_path}:relative:/root/bin:/home/me/bin",
        "SSH_AUTH_SOCK": "/run/agent",
    }
    made = clean_environment(given, tmp_path)
    assert made.keys().isdisjoint({"OPENAI_API_KEY", "LD_PRELOAD", "PYTHONPATH", "LC_ALL", "SSH_AUTH_SOCK"})
    assert made["LANG"] == "de_DE.UTF-8"
    assert made["PATH"].split(":")[:2] == [f"{tmp_path}/.venv/bin", "/usr/bin"]
    assert not {"relative", "/root/bin", "/home/me/bin", str(tmp_path)}.intersection(made["PATH"].split(":"))


@pytest.mark.req("SAFE-6")
def test_a_folder_that_cannot_be_written_is_blamed_and_no_sandbox(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Denied, match="cannot be written") as told:
        find_sandbox(tmp_path / "file" / "commands", as_root=True)
    assert "namespaces" not in str(told.value) and "CODELAB_HOME" in told.value.fix
