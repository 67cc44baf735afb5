"""How text becomes words, and how unsaved passages are scored."""

import sqlite3

import pytest

from codelab.index.searching import bm25
from codelab.index.searching.bm25 import Statistics
from codelab.index.searching.query import understand
from codelab.index.words import SpacedText, path_words, stem, words_of
from codelab.store import sqlite


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("getHTTPResponse2", "get http respons gethttpresponse2"),
        ("snake_case_name", "snak cas nam snakecasename"),
        ("SHOUTING_CASE", "shout cas shoutingcase"),
        ("XMLHttpRequest", "xml http request xmlhttprequest"),
        ("__init__", "init"),
        ("x = y + 1", ""),
        ("utf8", "utf utf8"),
        ("überschrift_größe", "überschrift größe überschriftgröße"),
        ("ÜberGröße", "über größe übergröße"),
        ("用户登录", "用户 户登 登录"),
        ("f" * 200, ""),
    ],
)
def test_identifiers_are_split_into_words_and_kept_whole(text: str, words: str) -> None:
    assert words_of(text) == words


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    "text",
    [
        "def get_value(self, key='größe'):  # naïve\n    return 用户登录[key]\n",
        "x\x0by\x0cone_two\x1cthree\x85four\u2028five -_- __a__ ²3 a1b2\tEnd",
        "getHTTPResponse2(XMLHttpRequest)\r\nutf8 = 'f' * 200 " + "f" * 200,
    ],
)
def test_a_part_of_a_file_gives_the_words_that_its_text_gives(text: str) -> None:
    data = text.encode()
    for start, end in ((0, len(data)), (3, len(data) - 2), (5, 20)):
        expected = words_of(data[start:end].decode("utf-8", "replace"))
        assert SpacedText(data).words(start, end) == expected


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    "forms",
    [
        ("connection", "connections"),
        ("query", "queries"),
        ("class", "classes"),
        ("validate", "validates", "validated", "validating"),
        ("map", "maps", "mapped", "mapping"),
        ("parse", "parses", "parsed", "parsing"),
    ],
)
def test_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    "words", [("string", "str"), ("status", "statu"), ("process", "proces"), ("need", "ne")]
)
def test_words_that_only_look_inflected_stay_apart(words: tuple[str, str]) -> None:
    assert stem(words[0]) != stem(words[1])


@pytest.mark.req("INDEX-4")
def test_the_last_part_of_a_path_says_most() -> None:
    assert path_words("web/http_parser.py").split().count("http") == 2
    assert path_words("web/http_parser.py").split().count("web") == 1


@pytest.mark.req("INDEX-4")
def test_a_question_is_looked_up_by_its_telling_words_and_names() -> None:
    query = understand("how does the ClientSession release connections?")
    assert query.names == ("ClientSession",)
    assert not {"how", "do", "the"} & set(query.terms)
    assert {"client", "session", "clientsession", "connection"} <= set(query.terms)
    assert "releaseconnections" in query.pairs
    assert understand("aiohttp.ClientSession").is_name
    assert understand("what is it").terms, "a query of nothing but common words still asks for something"
    assert understand("?!").terms == ()


@pytest.mark.req("INDEX-4", "INDEX-7")
def test_the_formula_gives_what_the_database_gives() -> None:
    passages = [
        ("client session", "open the session and close the session"),
        ("", "a connector opens connections"),
        ("connector", "pool of connections per host and a session"),
        ("other", "nothing of the kind"),
        ("more", "even less"),
    ]
    terms, weights = ("session", "connector"), (3.0, 1.0)
    connection: sqlite3.Connection = sqlite.driver.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5 (name, body, content='', tokenize='ascii')")
    connection.executemany(
        "INSERT INTO t (rowid, name, body) VALUES (?, ?, ?)", [(n, *p) for n, p in enumerate(passages)]
    )
    stored = dict(
        connection.execute(
            'SELECT rowid, -bm25(t, 3.0, 1.0) FROM t WHERE t MATCH \'"session" OR "connector"\''
        )
    )
    connection.close()
    counted = [bm25.count(passage) for passage in passages]
    holding = {term: sum(any(c[term] for c in one.columns) for one in counted) for term in terms}
    statistics = Statistics(len(passages), sum(one.length for one in counted), holding)
    for number, one in enumerate(counted):
        assert bm25.score(one, terms, weights, statistics) == pytest.approx(stored.get(number, 0.0))
