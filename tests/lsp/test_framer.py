"""Cutting the client's bytes into messages, and what is no message."""

import json
import random

import pytest

from codelab.lsp.framer import BODY_LIMIT, DEPTH_LIMIT, HEADER_LIMIT, FrameError, Framer
from tests.programme.volume import Volume

GOOD = {"jsonrpc": "2.0", "method": "x", "params": {"a": ["}", '\\"{', "é😀"]}}


def framed(body: bytes, header: bytes | None = None) -> bytes:
    return (header or b"Content-Length: %d" % len(body)) + b"\r\n\r\n" + body


MALFORMED = {
    "no header at all": b'{"jsonrpc": "2.0"}\r\n\r\n',
    "a web request": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no length": b"Content-Type: application/json\r\n\r\n{}",
    "a negative length": b"Content-Length: -1\r\n\r\n{}",
    "a signed length": b"Content-Length: +2\r\n\r\n{}",
    "a length in words": b"Content-Length: two\r\n\r\n{}",
    "a length in other digits": "Content-Length: ٢\r\n\r\n{}".encode(),
    "an empty length": b"Content-Length:\r\n\r\n{}",
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length beyond the limit": b"Content-Length: %d\r\n\r\n" % (BODY_LIMIT + 1),
    "a length beyond every machine": b"Content-Length: 99999999999999999999\r\n\r\n",
    "a header beyond the limit": b"X: " + b"a" * HEADER_LIMIT + b"\r\n\r\n",
    "a header without an end": b"a" * (HEADER_LIMIT + 1),
    "line feeds alone": b"Content-Length: 2\n\n{}" + b"\r\n\r\n",
    "a control character in the header": b"Content-Length: 2\r\nX: \x00\r\n\r\n{}",
    "another charset": b"Content-Length: 2\r\nContent-Type: a/b; charset=utf-16\r\n\r\n{}",
    "no body": b"Content-Length: 0\r\n\r\n",
    "a body that is not UTF-8": framed(b'"\xff\xfe"'),
    "a body that is not JSON": framed(b"{hello}"),
    "a number that JSON has not": framed(b'{"a": NaN}'),
    "two values": framed(b"{} {}"),
    "a length too short": framed(b'{"a": 1}', b"Content-Length: 7"),
    "a length too long": framed(b"{}", b"Content-Length: 3") + framed(b"{}"),
    "nesting beyond the limit": framed(b"[" * (DEPTH_LIMIT + 1) + b"]" * (DEPTH_LIMIT + 1)),
    "nesting beyond the stack": framed(b'{"a":' * 100_000),
    "the end in the middle": framed(b'{"a": 1}')[:-2],
}


def check_malformed(data: bytes) -> None:
    framer = Framer()
    with pytest.raises(FrameError):
        for _ in framer.feed(data):
            pass
        framer.end()


@pytest.mark.req("CARD-1")
@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_frame_is_refused(data: bytes) -> None:
    check_malformed(data)


@pytest.mark.req("CARD-1")
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_messages_come_out_whole_however_the_bytes_are_cut(size: int) -> None:
    messages = [GOOD, {}, [1, 2], GOOD]
    data = b"".join(framed(json.dumps(message, ensure_ascii=False).encode()) for message in messages)
    framer = Framer()
    found = [message for start in range(0, len(data), size) for message in framer.feed(data[start:][:size])]
    framer.end()
    assert found == messages


@pytest.mark.req("CARD-1")
def test_headers_may_come_in_any_case_and_order_with_others_beside() -> None:
    data = (
        b"x-other: 1\r\nCONTENT-TYPE: application/vscode-jsonrpc; charset=UTF-8\r\ncontent-length:2\r\n\r\n{}"
    )
    assert list(Framer().feed(data)) == [{}]


@pytest.mark.req("CARD-1")
def test_brackets_in_text_are_no_nesting() -> None:
    text = "[{" * 1000 + '\\"'
    assert list(Framer().feed(framed(json.dumps([text]).encode()))) == [[text]]


@pytest.mark.req("CARD-1")
def test_nesting_up_to_the_limit_is_read() -> None:
    body = b"[" * DEPTH_LIMIT + b"]" * DEPTH_LIMIT
    assert len(list(Framer().feed(framed(body)))) == 1


@pytest.mark.programme("framing")
@pytest.mark.req("CARD-1")
def test_damage_at_random_gives_a_message_or_an_error_and_nothing_else(volume: Volume) -> None:
    chance = random.Random(1)
    whole = framed(json.dumps(GOOD).encode())
    for _ in range(volume(5_000, 50_000)):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        framer = Framer()
        try:
            list(framer.feed(bytes(data)))
            framer.end()
        except FrameError as error:
            assert error.message
