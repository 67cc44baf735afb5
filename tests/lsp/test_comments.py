"""Finding what a comment asks."""

import pytest

from codelab.lsp.comments import CommentRequest, find_request
from codelab.lsp.positions import split_lines


def check_request(text: str, expected: CommentRequest | None, line: int = 0) -> None:
    assert find_request(split_lines(text), line, line) == expected


@pytest.mark.req("CARD-3")
@pytest.mark.parametrize(
    "line",
    [
        "# codelab: do it",
        "    #codelab: do it",
        "// codelab: do it",
        "/// CodeLab:  do it ",
        "-- codelab: do it",
        ";; codelab: do it",
        "% codelab: do it",
        "' codelab: do it",
        '" codelab: do it',
        "REM codelab: do it",
        ".. codelab: do it",
        "/* codelab: do it */",
        "/** codelab: do it */",
        "<!-- codelab: do it -->",
        "(* codelab: do it *)",
        "{- codelab: do it -}",
        "{# codelab: do it #}",
        "--[[ codelab: do it ]]",
        "<%-- codelab: do it --%>",
        "total = 1  # codelab: do it",
        "int total = 1; // codelab: do it",
        "int total = 1; /* codelab: do it */",
        "# codelab: do it\r\n",
    ],
)
def test_the_comment_syntax_of_any_language_is_understood(line: str) -> None:
    check_request(line, CommentRequest("do it", 0, 0))


@pytest.mark.req("CARD-3")
def test_consecutive_comment_lines_are_one_request() -> None:
    check_request(
        "# codelab: raise ValueError\n# when the amount is negative,\n# and test it\ndef pay(): ...\n",
        CommentRequest("raise ValueError when the amount is negative, and test it", 0, 2),
    )


@pytest.mark.req("CARD-3")
def test_a_block_comment_of_several_lines_is_one_request() -> None:
    text = "/*\n * codelab: raise an error\n * when it is negative\n */\nint pay();\n"
    expected = CommentRequest("raise an error when it is negative", 0, 3)
    for line in range(4):
        check_request(text, expected, line)
    check_request(
        "<!-- codelab: a title\n  and a footer -->\n", CommentRequest("a title and a footer", 0, 1), 1
    )


@pytest.mark.req("CARD-3")
def test_the_request_ends_at_an_empty_comment_line_at_code_and_at_the_next_request() -> None:
    check_request("# codelab: one\n#\n# no more\n", CommentRequest("one", 0, 0))
    check_request("x = 1  # codelab: one\n# no more\n", CommentRequest("one", 0, 0))
    check_request("# codelab: one\n# codelab: two\n", CommentRequest("one", 0, 0))
    check_request("# codelab: one\n# codelab: two\n", CommentRequest("one", 0, 0), 1)


@pytest.mark.req("CARD-3")
def test_it_is_found_from_each_of_its_lines_and_from_the_one_below() -> None:
    text = "a = 1\n# codelab: one\n# more\ndef pay(): ...\nb = 2\n"
    expected = CommentRequest("one more", 1, 2)
    check_request(text, None, 0)
    for line in (1, 2, 3):
        check_request(text, expected, line)
    check_request(text, None, 4)


@pytest.mark.req("CARD-3")
@pytest.mark.parametrize(
    "line",
    ["# codelab:", "# codelab: ", "codelab: do it", "# see codelab: do it", "x = 'codelab: do it'", "#", ""],
)
def test_what_asks_nothing_is_no_request(line: str) -> None:
    check_request(line, None)
