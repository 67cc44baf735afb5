"""Secrets are taken out of text in every form that they take, wherever a stream is cut."""

import base64
import json
import random
import string
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codelab.core import redaction
from codelab.core.redaction import MARK, StreamRedactor, redact, redact_data, redact_json

pytestmark = pytest.mark.req("SAFE-7")

SECRET = 'p/ss+w"ör\\d&\n%7'
SECRETS = st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=40).filter(
    lambda text: len(text.strip()) >= 8
)


@pytest.fixture(autouse=True)
def known() -> None:
    redaction.forget()
    redaction.learn([SECRET])


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "abcd"])
@pytest.mark.parametrize("after", ["", "z", "zy", "zyx"])
def test_a_secret_inside_of_something_encoded_is_taken_out(before: str, after: str) -> None:
    whole = f"{before}{SECRET}{after}"
    data = whole.encode()
    for text in (
        whole,
        json.dumps(whole),
        json.dumps(whole, ensure_ascii=False),
        quote(whole),
        quote(whole, safe=""),
        quote_plus(whole),
        quote_plus(whole).lower(),
        data.hex(),
        data.hex().upper(),
        base64.b64encode(data).decode(),
        base64.urlsafe_b64encode(data).decode(),
    ):
        shown = redact(f"<{text}>")
        assert MARK in shown, text
        assert len(shown) <= len(f"<{before}{MARK}{after}>") * 4


@given(SECRETS, st.text(max_size=30), st.text(max_size=30))
def test_no_secret_is_left_in_any_text(secret: str, before: str, after: str) -> None:
    redaction.forget()
    redaction.learn([secret])
    secret = secret.strip()
    for form in (secret, json.dumps(secret)[1:-1], quote(secret), secret.encode().hex()):
        assert form not in redact(f"{before}{form}{after}").replace(MARK, "")


@given(st.lists(st.integers(1, 12), min_size=1, max_size=30), st.integers(0, 1000))
def test_a_stream_is_redacted_wherever_it_is_cut(sizes: list[int], seed: int) -> None:
    redaction.forget()
    redaction.learn(["abcabcabd", "abcabcabdabc", "caabbccaa"])
    chance = random.Random(seed)
    text = "".join(chance.choice(["abcabcabd", "abcabcabdabc", "caabbccaa", *"abcd"]) for _ in range(20))
    stream, shown, place, pieces = StreamRedactor(), "", 0, iter(sizes * 400)
    while place < len(text):
        size = next(pieces)
        shown += stream.take(text[place : place + size])
        place += size
    shown += stream.end()
    assert not any(secret in shown for secret in ("abcabcabd", "caabbccaa"))
    assert shown.replace(MARK, "").count("a") <= redact(text).count("a")


def test_a_stream_holds_back_only_what_may_be_a_secret() -> None:
    redaction.learn(["sk-0123456789"])
    stream = StreamRedactor()
    assert stream.take("the key is sk") == "the key is "
    assert stream.take("-0123") == ""
    assert stream.take("x") == "sk-0123x"
    assert stream.take("sk-01234567") == ""
    assert stream.take("89!") == f"{MARK}!"
    assert stream.take("s") == ""
    assert stream.end() == "s"


def test_a_long_secret_is_found_by_its_parts() -> None:
    chance = random.Random(1)
    lines = ["".join(chance.choices(string.ascii_letters, k=64)) for _ in range(20)]
    pem = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(lines) + "\n-----END PRIVATE KEY-----\n"
    redaction.learn([pem])
    assert redact(f"see {lines[7]}, and {lines[19][:64]}") == f"see {MARK}, and {MARK}"
    assert not any(line in redact(pem) for line in lines)


def test_what_is_too_short_to_be_told_from_ordinary_text_is_left() -> None:
    redaction.learn(["true", "1234567", "  "])
    assert redact("true 1234567") == "true 1234567"


def test_data_are_redacted_but_for_names_and_what_must_stay_exact() -> None:
    data = {"a": [SECRET, 1, None, {SECRET: True}], "b": ("x", 2.5), "newText": SECRET}
    exact = frozenset({"newText"})
    clean = {"a": [MARK, 1, None, {SECRET: True}], "b": ["x", 2.5], "newText": SECRET}
    assert redact_data(data, exact=exact) == clean
    assert json.loads(redact_json(json.dumps(data), exact=exact)) == clean
    assert redact_json(json.dumps([SECRET]) + "\n") == f'["{MARK}"]\n'
    untouched = json.dumps({"newText": SECRET, "b": 1})
    assert redact_json(untouched, exact=exact) is untouched


def test_the_control_nothing_is_taken_out_once_it_is_forgotten() -> None:
    redaction.forget()
    assert redact(SECRET) == SECRET
