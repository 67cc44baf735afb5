"""The licence at the head of a file is not counted among its words."""

from pathlib import Path

import pytest

from codelab.index.licence import without_licence
from codelab.index.reader import IndexReader
from tests.index.conftest import Index
from tests.index.helpers import paths, write

BSD = """\
/* ledger.c - Keeps the books of the shop.
 *
 * Copyright (c) 2019, Ada Example <ada@example.org>
 * All rights reserved.
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met:
 *
 *   * Redistributions in binary form must reproduce the above copyright
 *     notice.
 */

int balance; /* in cents */
"""
APACHE = """\
// Copyright 2015 Ada Example
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
//
//     http://www.apache.org/licenses/LICENSE-2.0

// Package ledger keeps the books of the shop.
package ledger
"""
HASH = "#!/bin/sh\n# Keeps the books.\n#\n# SPDX-License-Identifier: MIT\n\nbalance=0\n"
REGION = "#region License\n// Copyright (c) 2007 Ada\n#endregion\n\nnamespace Ledger { class Book {} }\n"


def check_head(source: str, kept: str) -> None:
    """Check which words are left of a file, and that every other byte is where it was."""
    data = source.encode()
    left = without_licence(data)
    assert left.decode().split() == kept.split()
    assert len(left) == len(data)
    assert left.count(b"\n") == data.count(b"\n")


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    ("source", "kept"),
    [
        (BSD, "/* ledger.c - Keeps the books of the shop. * * * */ int balance; /* in cents */"),
        (APACHE, "// // // Package ledger keeps the books of the shop. package ledger"),
        (HASH, "#!/bin/sh # Keeps the books. # balance=0"),
        (REGION, "namespace Ledger { class Book {} }"),
        (APACHE.replace("\n", "\r\n"), "// // // Package ledger keeps the books of the shop. package ledger"),
    ],
)
def test_a_licence_is_left_out_and_what_stands_beside_it_stays(source: str, kept: str) -> None:
    check_head(source, kept)


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    "source",
    [
        "def licence():\n    copyright = 'all rights reserved'\n",
        "Copyright (c) Ada Example\n\nPermission is hereby granted, free of charge\n",
        "# Keeps the books.\nlicense_key = 1\n",
        "",
    ],
)
def test_code_that_speaks_of_licences_and_the_text_of_a_licence_stay(source: str) -> None:
    check_head(source, source)


@pytest.mark.req("INDEX-4")
def test_the_words_of_a_licence_find_the_file_that_is_one(
    root: Path, index: Index, reader: IndexReader
) -> None:
    write(root, f"== a.c\n{BSD}\n== b.c\nint redistribution;\n== LICENSE\nRedistribution and use\n")
    index()
    assert set(paths(reader.search("redistribution"))) == {"LICENSE", "b.c"}
    assert paths(reader.search("books of the shop"))[0] == "a.c", "the control"
