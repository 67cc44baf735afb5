"""Code cut into pieces that a terminal shows in colours: words that were looked for, and light syntax.

It looks at the text alone, with what most languages have in common; nothing is parsed for it.
"""

import re
from collections.abc import Collection

from codelab.index.words import split_identifier

Piece = tuple[str, str]
"""A text and its style, as ``Terminal.show_styled`` takes them."""

_HASH_LANGUAGES = frozenset(("python", "bash", "ruby", "yaml", "toml"))
_DASH_LANGUAGES = frozenset(("lua",))
_SLASH_LANGUAGES = frozenset(
    (
        *("javascript", "typescript", "tsx", "go", "rust", "java", "c", "cpp", "csharp", "kotlin", "swift"),
        *("scala", "dart", "php", "css", "json"),
    )
)
_KEYWORDS = frozenset(
    [
        "abstract",
        "as",
        "async",
        "await",
        "base",
        "begin",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "def",
        "default",
        "defer",
        "del",
        "delete",
        "do",
        "elif",
        "else",
        "elseif",
        "end",
        "ensure",
        "enum",
        "except",
        "export",
        "extends",
        "extern",
        "false",
        "fi",
        "final",
        "finally",
        "fn",
        "for",
        "foreach",
        "from",
        "func",
        "function",
        "global",
        "go",
        "goto",
        "guard",
        "if",
        "impl",
        "implements",
        "import",
        "in",
        "inline",
        "instanceof",
        "interface",
        "is",
        "lambda",
        "let",
        "local",
        "loop",
        "match",
        "mod",
        "module",
        "mut",
        "namespace",
        "new",
        "nil",
        "none",
        "nonlocal",
        "not",
        "null",
        "object",
        "operator",
        "or",
        "and",
        "override",
        "package",
        "pass",
        "private",
        "protected",
        "protocol",
        "pub",
        "public",
        "raise",
        "readonly",
        "record",
        "ref",
        "require",
        "rescue",
        "return",
        "sealed",
        "self",
        "static",
        "struct",
        "super",
        "switch",
        "template",
        "then",
        "this",
        "throw",
        "throws",
        "trait",
        "true",
        "try",
        "type",
        "typedef",
        "typeof",
        "union",
        "unless",
        "unsafe",
        "until",
        "use",
        "using",
        "val",
        "var",
        "virtual",
        "void",
        "volatile",
        "when",
        "where",
        "while",
        "with",
        "yield",
    ]
)
_STRINGS = r'"""(?:[^"\\]|\\.|"(?!""))*(?:"""|\Z)' r"|'''(?:[^'\\]|\\.|'(?!''))*(?:'''|\Z)"
_QUOTED = r'|"(?:[^"\\\n]|\\.)*"?' r"|(?<!\w)'(?:[^'\\\n]|\\.)*'"
_BACKQUOTED = r"|`(?:[^`\\]|\\.)*(?:`|\Z)"
_WORD = re.compile(r"\w+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _tokens(comment: str, strings: str) -> re.Pattern[str]:
    return re.compile(f"(?P<comment>{comment})|(?P<string>{strings})|(?P<word>\\w+)", re.DOTALL)


_SYNTAX = {
    **dict.fromkeys(_HASH_LANGUAGES, _tokens(r"(?<![\w$])\#[^\n]*", _STRINGS + _QUOTED)),
    **dict.fromkeys(_DASH_LANGUAGES, _tokens(r"--[^\n]*", (_STRINGS + _QUOTED))),
    **dict.fromkeys(
        _SLASH_LANGUAGES, _tokens(r"//[^\n]*|/\*.*?(?:\*/|\Z)", (_STRINGS + _QUOTED + _BACKQUOTED))
    ),
}


def coloured_lines(text: str, language: str | None, terms: Collection[str]) -> list[list[Piece]]:
    """Cut a passage into its lines and each line into pieces.

    Args:
        text: The passage.
        language: A name of ``codelab_grammars.languages``, or None; documents have no syntax colours.
        terms: Words that were looked for, as ``codelab.index.searching.query`` gives them.

    Returns:
        For each line its pieces; together they are the line.
    """
    lines: list[list[Piece]] = [[]]
    for piece, style in _styled(text, language):
        first, *others = piece.split("\n")
        lines[-1] += _marked(first, style, terms)
        lines += [_marked(other, style, terms) for other in others]
    return lines


def matching_words(line: str, terms: Collection[str]) -> set[str]:
    """Return which of the terms stand in a line."""
    found: set[str] = set()
    for match in _WORD.finditer(line):
        found.update(word for word in split_identifier(match[0]).split() if word in terms)
    return found


def _styled(text: str, language: str | None) -> list[Piece]:
    syntax = _SYNTAX.get(language or "")
    if syntax is None:
        return [(text, "")]
    pieces: list[Piece] = []
    at = 0
    for match in syntax.finditer(text):
        style = match.lastgroup or ""
        if style == "word":
            if match[0] not in _KEYWORDS:
                continue
            style = "keyword"
        if at < match.start():
            pieces.append((text[at : match.start()], ""))
        pieces.append((match[0], style))
        at = match.end()
    return [*pieces, (text[at:], "")]


def _marked(text: str, style: str, terms: Collection[str]) -> list[Piece]:
    """Cut the words that were looked for out of a piece of one line."""
    pieces: list[Piece] = []
    at = 0
    for start, end in _matches(text, terms):
        pieces += [(text[at:start], style), (text[start:end], "match")]
        at = end
    return [piece for piece in (*pieces, (text[at:], style)) if piece[0]]


def _matches(text: str, terms: Collection[str]) -> list[tuple[int, int]]:
    spans = []
    for word in _WORD.finditer(text):
        parts = split_identifier(word[0]).split()
        if not any(part in terms for part in parts):
            continue
        if parts[-1] in terms or not word[0].isascii():
            spans.append(word.span())
            continue
        spans += [
            (word.start() + part.start(), word.start() + part.end())
            for part in _PART.finditer(word[0])
            if split_identifier(part[0]) in terms
        ]
    return spans
