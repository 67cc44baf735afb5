"""Definitions from the captures of the tags queries.

A query gives its captures as lists of nodes by capture name, in no order, which is twice as fast as asking
for whole matches. Which name belongs to which definition follows from their spans: a name,
a body or a docstring belongs to the innermost definition around it.
"""

import re

from codelab.index.parsing.parsed import DefinitionRow
from codelab.index.parsing.spans import Captured, Span, tail_ends
from codelab.index.parsing.windows import Lines

MAX_DEPTH = 24
MAX_SIGNATURE = 240

_CLASS_LIKE = frozenset(
    {
        "class", "interface", "trait", "struct", "enum", "record", "union", "member", "object", "extension",
        "scope"
    }
)  # fmt: skip
# What a function or variable in one of these is called.
_AS_MEMBER = {"function": "method", "declaration": "method", "variable": "field"}
_WEAK = frozenset(("variable", "field", "type", "typedef", "declaration"))
_NAME, _BODY, _DOC, _RECEIVER = range(1, 5)
_PARTS = {"name": _NAME, "body": _BODY, "doc": _DOC, "receiver": _RECEIVER}

# Kinds that declare several names at once.
_SEVERAL = frozenset(("member", "constant", "variable", "field", "typedef", "declaration"))
# Names that are not made of parts: headings, keys of data files, selectors, ids of elements.
_WHOLE = frozenset(("section", "key", "table", "rule", "element"))
# The name of an element is its own in all of the document.
_LENDS_NO_NAME = frozenset(("typedef", "element"))
_SAYS_NOTHING = frozenset(("", "module", "exports", "prototype", "this", "self", "window"))
_NO_NAME = frozenset(("module.exports",))
_ARGUMENTS = re.compile(r"<[^<>]*>")
_COMMENT_AFTER = re.compile(r":\s*#[^\"']*$")
_WORDS_BEFORE = re.compile(rb"[a-z][a-z ]{0,40}")


class Found:
    """A definition while it is put together; ``kind`` ``scope`` only lends its name to what it holds."""

    __slots__ = ("body", "depth", "doc", "end", "kind", "names", "parent", "qualified", "receiver", "start")

    def __init__(self, start: int, end: int, kind: str, parent: "Found | None") -> None:
        self.start = start
        self.end = end
        self.kind = kind
        self.parent = parent
        self.depth: int = parent.depth + 1 if parent is not None else 0
        self.names: list[Span] = []
        self.body = 0
        self.doc: Span | None = None
        self.receiver: Span | None = None
        self.qualified = ""


def find_definitions(captured: Captured, data: bytes) -> list[Found]:
    """Pair definitions with their names, bodies and documentation, in the order of the file."""
    found: list[Found] = []
    top: Found | None = None  # with its parents, what is open
    for start, minus_end, part, kind in _events(captured, data):
        end = -minus_end
        while top is not None and top.end <= start:
            top = top.parent
        if part == 0:
            if top is not None:
                if top.start == start and top.end == end:
                    if top.kind in _WEAK or (kind == "enum" and top.kind == "class"):
                        top.kind = kind
                    continue
                # Sections under headings may reach over the end of what they stand in.
                end = min(end, top.end)
            top = Found(start, end, kind, top)
            found.append(top)
        elif top is None:
            pass
        elif part == _NAME:
            if start < end and (not top.names or top.names[-1] != (start, end)):
                top.names.append((start, end))
        elif part == _BODY:
            _take_body(top, start, end)
        elif part == _DOC:
            top.doc = top.doc or (start, end)
        else:
            top.receiver = (start, end)
    return found


def _take_body(innermost: Found, start: int, end: int) -> None:
    """Note where the body of a definition begins; that of a class spans what its only member spans."""
    holder: Found | None = innermost
    while holder is not None and holder.start == start and holder.end == end:
        holder = holder.parent
    if holder is not None and not holder.body:
        holder.body = start


def _events(captured: Captured, data: bytes) -> list[tuple[int, int, int, str]]:
    """Return (start, -end, part, kind) of definitions and their parts, an outer one before an inner one."""
    events: list[tuple[int, int, int, str]] = []
    _, spans, headings = captured
    tails = tail_ends(spans, data) if "tail" in spans else {}
    for capture, found in spans.items():
        if capture.startswith("definition."):
            kind = capture[11:]
            if tails:
                events += [(start, -tails.get(end, end), 0, kind) for start, end in found]
            else:
                events += [(start, -end, 0, kind) for start, end in found]
        elif capture in _PARTS:
            part = _PARTS[capture]
            events += [(start, -end, part, "") for start, end in found]
    events += [(start, -end, 0, "section") for start, end, _ in headings]
    events.sort()
    return events


def name_definitions(found: list[Found], lines: Lines) -> tuple[list[DefinitionRow], list[Found]]:
    """Give each found definition its qualified name and make the rows of it.

    Args:
        found: As ``find_definitions`` returns them; their ``qualified`` and ``kind`` are filled in.
        lines: The file.

    Returns:
        The definitions in the order of the file, one for each name where a declaration has several, and for
        each what it was made of.
    """
    rows: list[DefinitionRow] = []
    owners: list[Found] = []
    for one in found:
        parent = one.parent
        while parent is not None and (parent.depth >= MAX_DEPTH or parent.kind in _LENDS_NO_NAME):
            parent = parent.parent
        kind, prefix = one.kind, ""
        if parent is not None:
            if parent.kind in _CLASS_LIKE:
                kind = one.kind = _AS_MEMBER.get(kind, kind)
            if kind != "element":
                prefix = parent.qualified
        if one.receiver is not None:
            prefix = lines.text(*one.receiver)
        names = _names(one, lines)
        if not names:
            continue
        name = names[0]
        one.qualified = f"{prefix}.{name}" if prefix else name
        if kind == "scope":
            continue
        if kind == "function" and "." in name:
            one.kind = "method"
        made = _rows(one, names, prefix, lines)
        rows += made
        owners += [one] * len(made)
    return rows, owners


def _names(one: Found, lines: Lines) -> list[str]:
    names: list[str] = []
    for start, end in one.names:
        name = lines.text(start, end)
        if not name.isidentifier():
            if name in _NO_NAME:
                continue
            name = _plain_name(name, one.kind)
        names.append(name if len(name) <= MAX_SIGNATURE else name[:MAX_SIGNATURE])
        if one.kind not in _SEVERAL:
            break
    return names


def _rows(one: Found, names: list[str], prefix: str, lines: Lines) -> list[DefinitionRow]:
    row = lines.row_of(one.start)
    last_line = lines.row_of(one.end - 1) + 1
    signature = _signature(one, row, lines)
    if one.kind == "section" and not any(map(str.isalnum, signature)):
        signature = names[0]  # a line of marks above the heading
    made: list[DefinitionRow] = []
    for name in names:
        kind = "constant" if one.kind == "variable" and name.isupper() else one.kind
        last_part = name if one.kind in _WHOLE or "." not in name else name.rpartition(".")[2]
        if not last_part:
            continue  # an empty key, or what a syntax error left of a name
        qualified = f"{prefix}.{name}" if prefix else name
        made.append((last_part, qualified, kind, signature, row + 1, last_line))
    return made


def _plain_name(name: str, kind: str) -> str:
    """Write a name with dots between its parts, without type arguments, quotes and what says nothing."""
    name = " ".join(name[: 4 * MAX_SIGNATURE].split())
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1]
    if kind in _WHOLE:
        return name
    path, operator, tail = name.partition("operator")
    if operator and tail.startswith(" "):
        tail = tail.partition("(")[0]
    while "<" in path:
        shorter = _ARGUMENTS.sub("", path)
        if shorter == path:
            break
        path = shorter
    path = path.replace("::", ".")
    if kind == "function":
        path = path.replace(":", ".")  # Lua
    parts = path.split(".")
    kept = [part for part in parts[:-1] if part not in _SAYS_NOTHING]
    return ".".join((*kept, f"{parts[-1]}{operator}{tail}"))


def _signature(one: Found, row: int, lines: Lines) -> str:
    """Return the declaration up to its body, with the words before it on its line (``export const``)."""
    end = one.body or one.end
    start = one.start
    line_start = lines.starts[row]
    before = lines.data[line_start:start].strip() if 0 < start - line_start < 200 else b""
    if before and _WORDS_BEFORE.fullmatch(before):
        start = line_start
    if not one.body:
        newline = lines.data.find(b"\n", start, end)
        end = newline if newline >= 0 else end
    text = " ".join(lines.text(start, min(end, start + 4 * MAX_SIGNATURE)).split())[:MAX_SIGNATURE]
    if "#" in text:
        text = _COMMENT_AFTER.sub("", text)
    return text.rstrip(" :={")
