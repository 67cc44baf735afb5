"""A parsing process that notes in a file, its argument, which paths it was given."""

import sys

from codelab.index.analyse import Analysed, analyse
from codelab.index.parser_process import Bounds, serve


def noted(path: str, data: bytes) -> Analysed:
    """Note the path and parse the text."""
    with open(sys.argv[1], "a", encoding="utf-8") as notes:
        notes.write(f"{path}\n")
    return analyse(path, data)


serve(noted, Bounds())
