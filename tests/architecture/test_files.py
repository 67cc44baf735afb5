"""Files stay small enough to be one thing each."""

import pytest

from tests.support.source_tree import ROOT, source_files

LONGEST = 400  # lines; more is two things in one file


@pytest.mark.req("CARD-8")
def test_no_source_file_is_too_long_to_be_one_thing() -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_bytes().splitlines()) for file in source_files()}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}
