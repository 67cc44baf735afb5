"""A parsing process that notes in a file, its argument, which paths it was given."""

import sys

from codelab.index.building.parser_process import Bounds, serve
from codelab.index.parsing.analyse import Analysed, analyse


def noted(path: str, data: bytes) -> Analysed:
    """Note the path and parse the text."""
    with open(sys.argv[1], "a", encoding="utf-8") as notes:
        notes.write(f"{path}\n")
    return analyse(path, data)


serve(noted, Bounds())
