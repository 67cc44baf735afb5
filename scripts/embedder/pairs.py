"""From an archive of sources to pairs: the documentation of a definition, and its code without it."""

import re
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from codelab.index.parsing.parse import parse
from codelab.index.parsing.parsed import Definition
from codelab.index.words import words_of
from codelab_grammars import language_of

LANGUAGES = frozenset(("python", "javascript", "typescript", "tsx", "go", "rust", "java", "c", "cpp"))
KINDS = frozenset(("function", "method", "class", "interface", "struct", "trait", "enum"))
_LEFT_OUT = re.compile(r"(^|/)(node_modules|dist/|vendor/|third_party/|_vendor/|locale/|\.git/)|\.min\.")
_SAYS_NOTHING = re.compile(r"copyright|licen[sc]e|eslint|@internal|noinspection|pylint", re.IGNORECASE)
_TRIPLE_QUOTED = re.compile(r"[rRuUbB]{0,2}(\"\"\"|''')(.*?)\1", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
_MOST_FILES = 450
_MOST_FILES_OF_STANDARD_LIBRARIES = 900
_MOST_BYTES = 400_000
_MOST_LINES = 120
_MOST_QUERY_WORDS, _MOST_CODE_WORDS = 40, 400


class Pair(NamedTuple):
    """What belongs together; all in words as the index splits them.

    Attributes:
        language: Of the file.
        documentation: First sentence of the documentation, or an empty string.
        name: Of the definition.
        qualified: Its name with those of its containers.
        code: The definition without its documentation.
        is_function: Whether it is a function or a method.
    """

    language: str
    documentation: str
    name: str
    qualified: str
    code: str
    is_function: bool


def pairs_of(archive: Path) -> list[Pair]:
    """Return the pairs of an archive: of a sample of its files, chosen by the checksums of their paths."""
    paths = [path for path, _ in _members(archive) if _is_source(path)]
    most = _MOST_FILES
    if archive.name.startswith(("golang-1", "rust-src", "django")):
        most = _MOST_FILES_OF_STANDARD_LIBRARIES
    kept = most / max(1, len(paths))
    pairs: list[Pair] = []
    seen: set[bytes] = set()
    for path, read in _members(archive):
        if _is_source(path) and zlib.crc32(path.encode()) / 2**32 < kept:
            data = read().replace(b"\0", b"")
            if data not in seen and data.count(b"\n") * 250 >= len(data) and _is_utf8(data):
                seen.add(data)
                pairs += _pairs_of_file(path, data)
    return list(dict.fromkeys(pairs))


def _is_source(path: str) -> bool:
    return not _LEFT_OUT.search(path) and language_of(path, b"") in LANGUAGES


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _members(archive: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield the path of each file of an archive and what reads it, to be called before the next one."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for entry in wheel.infolist():
                if not entry.is_dir() and entry.file_size < _MOST_BYTES:
                    yield entry.filename, lambda entry=entry: wheel.read(entry)
    elif archive.suffix == ".deb":
        command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as unpacked:
            assert unpacked.stdout is not None
            with tarfile.open(fileobj=unpacked.stdout, mode="r|") as tar:
                yield from _tar_members(tar)
    else:
        with tarfile.open(archive) as tar:
            yield from _tar_members(tar)


def _tar_members(tar: tarfile.TarFile) -> Iterator[tuple[str, Callable[[], bytes]]]:
    for member in tar:
        if member.isfile() and member.size < _MOST_BYTES:

            def read(member: tarfile.TarInfo = member) -> bytes:
                content = tar.extractfile(member)
                assert content is not None
                return content.read()

            yield member.name, read


def _pairs_of_file(path: str, data: bytes) -> Iterator[Pair]:
    parsed = parse(path, data)
    lines = data.split(b"\n")
    for definition in parsed.symbols:
        if definition.kind not in KINDS or definition.end_line - definition.start_line < 2:
            continue
        last = min(definition.end_line, definition.start_line - 1 + _MOST_LINES)
        code = b"\n".join(lines[definition.start_line - 1 : last]).decode("utf-8", "replace")
        if parsed.language == "python":
            code = _TRIPLE_QUOTED.sub(" ", code)
        words = words_of(code)
        documentation, name = _documentation_words(definition), words_of(definition.name)
        if words.count(" ") < 8 or not (documentation or name.count(" ") >= 3):
            continue
        yield Pair(
            parsed.language or "",
            documentation,
            name,
            words_of(definition.qualified),
            " ".join(words.split()[:_MOST_CODE_WORDS]),
            definition.kind in ("function", "method"),
        )


def _documentation_words(definition: Definition) -> str:
    doc = definition.doc
    if len(doc.split()) < 3 or _SAYS_NOTHING.search(doc):
        return ""
    return " ".join(words_of(_SENTENCE_END.split(doc, maxsplit=1)[0]).split()[:_MOST_QUERY_WORDS])
