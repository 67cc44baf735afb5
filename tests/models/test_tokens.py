"""Estimates of tokens, compared with the tokenizers that come with litellm."""

import base64
import os
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from codelab_models.tokens import tokens_of_message, tokens_of_request, tokens_of_text
from codelab_models.wire import ChatRequest, Message, ToolCall, ToolSpec
from tests.support.source_tree import ROOT

pytestmark = pytest.mark.req("MODEL-4", "MODEL-7")

TEXTS = {
    "English": "The customer is charged when the order leaves the warehouse; the receipt follows by mail. ",
    "Russian": "Клиент оплачивает заказ, когда тот покидает склад; чек приходит по почте днём позже. ",
    "German": "Der Kunde bezahlt die Bestellung, sobald sie das Lager verlässt; die Quittung folgt. ",
    "Polish": "Klient płaci za zamówienie, gdy opuszcza ono magazyn; paragon przychodzi pocztą. ",
    "Chinese": "客户在订单离开仓库时付款。收据随后通过邮件发送。请检查支付模块的配置。",
    "Japanese": "注文が倉庫を出るときに顧客へ請求され、領収書は後日郵送されます。",
    "Korean": "주문이 창고를 떠날 때 고객에게 요금이 청구되고 영수증은 나중에 우편으로 발송됩니다. ",
    "Arabic": "يتم تحصيل المبلغ من العميل عندما يغادر الطلب المستودع، ويصل الإيصال لاحقًا بالبريد. ",
    "Hebrew": "הלקוח מחויב כאשר ההזמנה יוצאת מהמחסן, והקבלה מגיעה מאוחר יותר בדואר. ",
    "Hindi": "जब ऑर्डर गोदाम से निकलता है तब ग्राहक से शुल्क लिया जाता है, और रसीद बाद में डाक से आती है। ",
    "base64": base64.b64encode(bytes(range(256)) * 4).decode(),
    "hexadecimal": (bytes(range(7, 250, 3)) * 8).hex(),
    "numbers": " ".join(str(number * number * 7919) for number in range(300)),
    "emoji": "done ✅ failed ❌ 🚀🔥 ",
}
CODE = ("server/**/*.py", "models/**/*.py", "docs/*.md", "grammars/**/*.scm", "tests/fixtures/languages/*.*")


@cache
def tokenizers() -> dict[str, Callable[[str], int]]:
    """Return functions that count, by name; their tables are files of litellm's package."""
    spec = find_spec("litellm")
    folder = Path((spec.submodule_search_locations if spec else [""])[0]) / "litellm_core_utils/tokenizers"  # type: ignore[index]
    before = os.environ.get("TIKTOKEN_CACHE_DIR")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    try:
        import tiktoken
        from tokenizers import Tokenizer

        names = ("cl100k_base", "o200k_base")
        encodings = {name: tiktoken.get_encoding(name) for name in names}
        claude = Tokenizer.from_file(str(folder / "anthropic_tokenizer.json"))
    finally:
        os.environ.pop("TIKTOKEN_CACHE_DIR")
        if before is not None:
            os.environ["TIKTOKEN_CACHE_DIR"] = before

    def counter(encoding: "tiktoken.Encoding") -> Callable[[str], int]:
        return lambda text: len(encoding.encode(text, disallowed_special=()))

    counters = {name: counter(encoding) for name, encoding in encodings.items()}
    return {**counters, "claude": lambda text: len(claude.encode(text).ids)}


@pytest.mark.parametrize("pattern", CODE)
def test_of_code_and_documentation_the_estimate_is_at_most_a_third_off(pattern: str) -> None:
    text = "\n".join(path.read_text(encoding="utf-8")[:8000] for path in sorted(ROOT.glob(pattern))[:25])
    assert len(text) > 20_000
    for name, count in tokenizers().items():
        assert 0.75 < tokens_of_text(text) / count(text) < 4 / 3, name


@pytest.mark.parametrize("kind", TEXTS)
def test_of_any_text_the_estimate_is_within_half_and_two_and_a_half_times(kind: str) -> None:
    text = TEXTS[kind] * 5
    for name, count in tokenizers().items():
        assert 0.5 < tokens_of_text(text) / count(text) < 2.5, name


def test_calls_and_tools_count() -> None:
    assert tokens_of_text("") == 0
    arguments = '{"path": "src/a.py"}'
    message = Message("assistant", "", (ToolCall("c", "read_file", arguments),))
    assert tokens_of_message(message) == tokens_of_text("read_file" + arguments) + 8
    tool = ToolSpec("t", "what it does", {})
    both = ChatRequest((message,), (tool,))
    assert tokens_of_request(both) == tokens_of_message(message) + tokens_of_text("twhat it does{}") + 4
