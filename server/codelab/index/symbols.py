"""Definitions and references from the captures of the tags queries.

A query gives its captures as lists of nodes by capture name, in no order, which is twice as fast as asking
for whole matches. Which name belongs to which definition follows from their spans: a name,
a body or a docstring belongs to the innermost definition around it.
"""

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from codelab.index.leading import Leading
from codelab.index.parsed import Definition, Reference
from codelab.index.spans import heading_spans, tail_ends
from codelab.index.windows import Lines

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_DEPTH = 24
MAX_SIGNATURE = 240
MAX_DOC = 320

_CLASS_LIKE = frozenset(
    {
        "class", "interface", "trait", "struct", "enum", "record", "union", "member", "object", "extension",
        "scope"
    }
)  # fmt: skip
_WEAK = frozenset(("variable", "field", "type", "typedef", "declaration"))
_NAME, _BODY, _DOC, _RECEIVER = range(1, 5)
_PARTS = {"name": _NAME, "body": _BODY, "doc": _DOC, "receiver": _RECEIVER}
_REFERENCES = ("call", "base", "type")

# Kinds that declare several names at once.
_SEVERAL = frozenset(("member", "constant", "variable", "field", "typedef", "declaration"))
# Names that are not made of parts: headings, keys of data files, selectors, ids of elements.
_WHOLE = frozenset(("section", "key", "table", "rule", "element"))
# The name of an element is its own in all of the document.
_LENDS_NO_NAME = frozenset(("typedef", "element"))
_SAYS_NOTHING = frozenset(("", "module", "exports", "prototype", "this", "self", "window"))
_NO_NAME = frozenset(("module.exports",))
_ARGUMENTS = re.compile(r"<[^<>]*>")
_WORDS_BEFORE = re.compile(rb"[a-z][a-z ]{0,40}")
_COMMENT_MARK = re.compile(r"[ \t]*(?:/\*+!?|\*+/|//[/!]*|\*|#+!?|--+(?:\[=*\[)?|<!--+)?")
_COMMENT_END = re.compile(r"[ \t]*(?:\*/|--+>|\]=*\])$")
_COMMENT_TAGS = re.compile(r"</?(?:summary|value|para|p)>")
# What follows the first paragraph of documentation in one or another language.
_COMMENT_FIELDS = ("@", ":param", ":return", "Args:", "- Parameter", "<param", "<returns", "<remarks")
_COMMENT_AFTER = re.compile(r":\s*#[^\"']*$")
_STRING_START = re.compile(r"^[rRuUbB]{0,2}(?:\"{1,3}|'{1,3})")


class Found:
    """A definition while it is put together; ``kind`` ``scope`` only lends its name to what it holds."""

    __slots__ = ("body", "depth", "doc", "end", "kind", "names", "parent", "qualified", "receiver", "start")

    def __init__(self, start: int, end: int, kind: str, parent: "Found | None") -> None:
        self.start = start
        self.end = end
        self.kind = kind
        self.parent = parent
        self.depth: int = parent.depth + 1 if parent is not None else 0
        self.names: list[tuple[int, int]] = []
        self.body = 0
        self.doc: tuple[int, int] | None = None
        self.receiver: tuple[int, int] | None = None
        self.qualified = ""


def find_definitions(captures: "dict[str, list[Node]]", data: bytes) -> list[Found]:
    """Pair definitions with their names, bodies and documentation, in the order of the file."""
    found: list[Found] = []
    stack: list[Found] = []
    for start, minus_end, part, kind in _events(captures, data):
        while stack and stack[-1].end <= start:
            stack.pop()
        top = stack[-1] if stack else None
        if part == 0:
            if top is not None and top.start == start and top.end == -minus_end:
                if top.kind in _WEAK or (kind == "enum" and top.kind == "class"):
                    top.kind = kind
                continue
            # Sections under headings may reach over the end of what they stand in.
            end = -minus_end if top is None else min(-minus_end, top.end)
            top = Found(start, end, kind, top)
            stack.append(top)
            found.append(top)
        elif top is not None:
            _take(top, part, (start, -minus_end))
    return found


def _events(captures: "dict[str, list[Node]]", data: bytes) -> list[tuple[int, int, int, str]]:
    """Return (start, -end, part, kind) of definitions and their parts, an outer one before an inner one."""
    events = []
    tails = tail_ends(captures, data) if "tail" in captures else {}
    for capture, nodes in captures.items():
        if capture.startswith("definition."):
            part, kind = 0, capture[11:]
        elif capture in _PARTS:
            part, kind = _PARTS[capture], ""
        else:
            continue
        for node in nodes:
            start, end = node.byte_range
            if tails and part == 0:
                end = tails.get(end, end)
            events.append((start, -end, part, kind))
    events.extend((start, -end, 0, "section") for start, end, _ in heading_spans(captures, data))
    events.sort()
    return events


def _take(owner: Found, part: int, span: tuple[int, int]) -> None:
    if part == _NAME:
        if span[0] < span[1] and (not owner.names or owner.names[-1] != span):
            owner.names.append(span)
    elif part == _BODY:
        # The body of a class with a single member has the same span as that member.
        holder: Found | None = owner
        while holder is not None and (holder.start, holder.end) == span:
            holder = holder.parent
        if holder is not None:
            holder.body = holder.body or span[0]
    elif part == _DOC:
        owner.doc = owner.doc or span
    else:
        owner.receiver = span


def name_definitions(found: list[Found], lines: Lines, leading: Leading) -> list[Definition]:
    """Give each found definition its qualified name and make the definitions of it.

    Args:
        found: As ``find_definitions`` returns them; their ``qualified`` and ``kind`` are filled in.
        lines: The file.
        leading: Its comments and decorators.

    Returns:
        The definitions in the order of the file; one for each name where a declaration has several.
    """
    definitions: list[Definition] = []
    for one in found:
        parent = one.parent
        while parent is not None and (parent.depth >= MAX_DEPTH or parent.kind in _LENDS_NO_NAME):
            parent = parent.parent
        prefix = parent.qualified if parent is not None and one.kind != "element" else ""
        if one.receiver is not None:
            prefix = lines.text(*one.receiver)
        one.kind = _kind(one.kind, parent.kind if parent is not None else "")
        names = _names(one, lines)
        if not names:
            continue
        one.qualified = f"{prefix}.{names[0]}" if prefix else names[0]
        if one.kind == "scope":
            continue
        if one.kind == "function" and "." in names[0]:
            one.kind = "method"
        definitions.extend(_definitions(one, names, prefix, lines, leading))
    return definitions


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


def _definitions(
    one: Found, names: list[str], prefix: str, lines: Lines, leading: Leading
) -> list[Definition]:
    row = lines.row_of(one.start)
    last_line = lines.row_of(one.end - 1) + 1
    signature, doc = _signature(one, row, lines), _doc(one, row, lines, leading)
    if one.kind == "section" and not any(map(str.isalnum, signature)):
        signature = names[0]  # a line of marks above the heading
    made = []
    for name in names:
        kind = "constant" if one.kind == "variable" and name.isupper() else one.kind
        last_part = name if one.kind in _WHOLE else name.rpartition(".")[2]
        if not last_part:
            continue  # an empty key, or what a syntax error left of a name
        qualified = f"{prefix}.{name}" if prefix else name
        made.append(Definition(last_part, qualified, kind, signature, doc, row + 1, last_line))
    return made


def _kind(kind: str, parent: str) -> str:
    if parent in _CLASS_LIKE:
        if kind in {"function", "declaration"}:
            return "method"
        if kind == "variable":
            return "field"
    return kind


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


def _doc(one: Found, row: int, lines: Lines, leading: Leading) -> str:
    if one.doc is not None:
        start, end = one.doc
        return first_paragraph(_STRING_START.sub("", lines.text(start, min(end, start + 1024))).rstrip("\"'"))
    span = leading.comment_before(row)
    if span is None:
        return ""
    return first_paragraph(lines.text(span[0], min(span[1], span[0] + 1024)))


def first_paragraph(text: str) -> str:
    """Return the first paragraph of a comment or docstring on one line, without comment marks."""
    words: list[str] = []
    for line in text.splitlines():
        match = _COMMENT_MARK.match(line)
        plain = _COMMENT_END.sub("", line[match.end() if match else 0 :]).strip()
        if "<" in plain:
            plain = _COMMENT_TAGS.sub("", plain).strip()
        if not plain or plain.startswith(_COMMENT_FIELDS):
            if words:
                break
            continue
        words.append(plain)
    return " ".join(words)[:MAX_DOC]


def find_references(
    captures: "dict[str, list[Node]]", definitions: list[Found], lines: Lines
) -> list[tuple[int, str, str]]:
    """Return (first byte, name, kind) of every use of a name that the queries capture.

    A name counts once, as the first of call, base and type; a definition's own name is not a use of it.
    """
    found: list[tuple[int, str, str]] = []
    for node in captures.get("call.component", ()):
        # Elements of HTML begin with a small letter.
        start, end = node.byte_range
        if lines.data[start : start + 1].isupper():
            found.append((start, lines.text(start, end), "call"))
    whole, text = lines.ascii, lines.text
    for kind in _REFERENCES:
        spans = [node.byte_range for node in captures.get(kind, ())]
        if kind != "call":
            seen = {one[0] for one in found}
            if kind == "type":
                seen.update(name[0] for one in definitions for name in one.names)
            spans = [span for span in spans if span[0] not in seen]
        if whole is not None:
            found += [(start, whole[start:end], kind) for start, end in spans if start < end]
        else:
            found += [(start, text(start, end), kind) for start, end in spans if start < end]
    return found


def make_references(found: list[tuple[int, str, str]], lines: Lines) -> tuple[Reference, ...]:
    """Sort references and turn byte offsets into lines."""
    found.sort()
    starts, new = lines.starts, tuple.__new__
    # Named tuples are made four times as fast without their own __new__; a repository has millions of these.
    return tuple([new(Reference, (name, bisect_right(starts, start), kind)) for start, name, kind in found])
