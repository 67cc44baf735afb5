import pytest

from codelab.index.parsing.outline import outline
from codelab.index.parsing.parse import parse

SOURCE = b"""LIMIT = 3

class Client(Base):
    timeout = 30

    class Settings:
        bucket = "b"

    def send(self, part: Part) -> str:
        return part

def main() -> int:
    def inner(): pass
    return 0
"""


@pytest.mark.req("INDEX-2", "INDEX-3")
def test_an_outline_shows_what_is_defined_where() -> None:
    assert outline(parse("a.py", SOURCE).symbols).splitlines() == [
        "1-1 LIMIT = 3",
        "3-10 class Client(Base)",
        "  4-4 timeout = 30",
        "  6-7 class Settings",
        '    7-7 bucket = "b"',
        "  9-10 def send(self, part: Part) -> str",
        "12-14 def main() -> int",
        "  13-13 def inner()",
    ]


@pytest.mark.req("INDEX-2")
def test_a_long_outline_leaves_out_details_first_and_says_so() -> None:
    symbols = parse("a.py", SOURCE).symbols
    assert outline(symbols, 3).splitlines() == [
        "3-10 class Client(Base)",
        "12-14 def main() -> int",
        "(6 more)",
    ]
    assert outline(symbols, 1).splitlines() == ["3-10 class Client(Base)", "(7 more)"]
    assert outline(()) == ""
