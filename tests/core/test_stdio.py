"""Nothing but the protocol reaches the client, whoever writes to standard output."""

import subprocess
import sys

import pytest

NOISE = (
    "import ctypes, os, subprocess, sys\n"
    "print('print', flush=True)\n"
    "os.write(1, b'descriptor')\n"
    "sys.__stdout__.write('dunder'); sys.__stdout__.flush()\n"
    "libc = ctypes.CDLL(None); libc.puts(b'c library'); libc.fflush(None)\n"
    "subprocess.run([sys.executable, '-c', 'print(\"child\")'], check=True)\n"
)
TAKE = "from codelab.core.stdio import take_standard_streams\nstreams = take_standard_streams()\n"
ANSWER = "streams.writer.write(b'answer to ' + streams.reader.read())\n"


def run_program(program: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", program], input=b"question", capture_output=True, check=True)


@pytest.mark.req("CARD-1", "CARD-2")
def test_only_the_protocol_reaches_the_client() -> None:
    ended = run_program(TAKE + NOISE + ANSWER)
    assert ended.stdout == b"answer to question"
    for noise in (b"print", b"descriptor", b"dunder", b"c library", b"child"):
        assert noise in ended.stderr


@pytest.mark.req("CARD-1", "CARD-2")
def test_without_moving_the_streams_the_noise_would_reach_the_client() -> None:
    assert b"descriptor" in run_program(NOISE).stdout


@pytest.mark.req("CARD-1", "CARD-2")
def test_a_child_cannot_read_what_the_client_sends() -> None:
    child = "subprocess.run([sys.executable, '-c', 'import sys; sys.stderr.write(repr(sys.stdin.read()))'])\n"
    ended = run_program(TAKE + "import subprocess, sys\n" + child + ANSWER)
    assert ended.stdout == b"answer to question"
    assert b"''" in ended.stderr


@pytest.mark.req("CARD-1", "CARD-2")
def test_a_closed_error_output_does_no_harm() -> None:
    program = "import os\nos.close(2)\n" + TAKE + "os.write(1, b'noise')\n" + ANSWER
    assert run_program(program).stdout == b"answer to question"
