"""The profile for macOS, as text: no Mac is at hand to run it."""

from pathlib import Path

import pytest

from codelab.sandbox.seatbelt import launch_arguments, profile
from codelab.sandbox.stage import Stage
from codelab.sandbox.types import Job

JOB = Job(Path('/Users/me/my "shop"'), ("make", "test"), ".", {}, readable=(Path("/Users/me/.cargo/bin"),))
STAGE = Stage(Path("/cache/job-1"), (), True, (".env", "deploy/id_rsa"), 0)


@pytest.mark.req("SAFE-6")
def test_the_profile_denies_what_it_does_not_name() -> None:
    lines = profile(JOB, STAGE).splitlines()
    assert lines[:2] == ["(version 1)", "(deny default)"]
    assert "(deny network*)" in lines
    [writes] = [line for line in lines if line.startswith("(allow file-write*")]
    assert writes == '(allow file-write* (subpath "/cache/job-1/scratch") (literal "/dev/null"))'
    [reads] = [line for line in lines if line.startswith("(allow file-read* ")]
    assert '(subpath "/Users/me/my \\"shop\\"")' in reads  # a quote in a name does not end it
    assert '(subpath "/Users/me/.cargo/bin")' in reads
    assert '"/Users/me")' not in reads


@pytest.mark.req("SAFE-6")
def test_what_is_hidden_is_denied_last_so_that_it_wins() -> None:
    last = profile(JOB, STAGE).splitlines()[-1]
    assert last.startswith("(deny file-read-data file-write* ")
    for name in (".env", "deploy/id_rsa", ".git/config"):
        assert f'my \\"shop\\"/{name}")' in last


@pytest.mark.req("SAFE-6")
def test_the_command_follows_the_profile_as_it_is() -> None:
    arguments = launch_arguments("/usr/bin/sandbox-exec", JOB, STAGE)
    assert arguments[:2] == ["/usr/bin/sandbox-exec", "-p"]
    assert arguments[3:] == ["--", "make", "test"]
