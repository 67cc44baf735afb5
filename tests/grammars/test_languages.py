import subprocess
import sys

import pytest

from codelab_grammars import language_of


@pytest.mark.req("INDEX-8")
@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("src/app/main.py", "python"),
        ("types.pyi", "python"),
        ("SConstruct", "python"),
        ("a/b.MJS", "javascript"),
        ("view.jsx", "javascript"),
        ("view.tsx", "tsx"),
        ("module.mts", "typescript"),
        ("cmd/main.go", "go"),
        ("lib.rs", "rust"),
        ("Main.java", "java"),
        ("ring.c", "c"),
        ("ring.h", "c"),
        ("matrix.hpp", "cpp"),
        ("README.md", "markdown"),
        ("package.json", "json"),
        ("composer.lock", "json"),
        ("Cargo.lock", "toml"),
        ("pyproject.toml", "toml"),
        (".github/workflows/ci.yml", "yaml"),
        ("src/Order.cs", "c_sharp"),
        ("Rakefile", "ruby"),
        ("app.gemspec", "ruby"),
        ("index.php", "php"),
        ("run.sh", "bash"),
        (".bashrc", "bash"),
        ("build.gradle.kts", "kotlin"),
        ("Package.swift", "swift"),
        ("build.sbt", "scala"),
        ("init.lua", "lua"),
        ("cart.dart", "dart"),
        ("page.HTML", "html"),
        ("site.css", "css"),
        ("theme.scss", None),
        ("App.csproj", "xml"),
        ("docs/index.rst", "rst"),
        ("C:\\work\\tool.py", "python"),
        ("notes.txt", None),
        ("Makefile", None),
        ("dir.py/Makefile", None),
        ("", None),
    ],
)
def test_a_file_name_tells_the_language(path: str, language: str | None) -> None:
    assert language_of(path) == language


@pytest.mark.req("INDEX-8")
@pytest.mark.parametrize(
    ("head", "language"),
    [
        (b"#!/usr/bin/python3\nprint()", "python"),
        (b"#!/usr/bin/env python3.12\n", "python"),
        (b"#!/usr/bin/env -S node --no-warnings\n", "javascript"),
        (b"#! /usr/local/bin/node\n", "javascript"),
        (b"#!/bin/sh\n", "bash"),
        (b"#!/usr/bin/env ruby\n", "ruby"),
        (b"#!/usr/bin/perl\n", None),
        (b"#!\n", None),
        (b"#!" + b" -" * 5000, None),
        (b"\xff\xfe#!", None),
        (b"import os\n", None),
    ],
)
def test_a_script_without_an_ending_is_known_by_its_first_line(head: bytes, language: str | None) -> None:
    assert language_of("bin/tool", head) == language


@pytest.mark.req("INDEX-8")
@pytest.mark.parametrize(
    ("head", "language"),
    [
        (b"#pragma once\nnamespace a { int b(); }\n", "cpp"),
        (b"#include <vector>\nint f(void);\n", "cpp"),
        (b"template <typename T> T f();\n", "cpp"),
        (b"class Foo {\n public:\n};\n", "cpp"),
        (b"#include <stdio.h>\nstruct class_info { int template_id; };\n", "c"),
        (b"/* a class of things, using namespaces */\nint f(void);\n", "c"),
    ],
)
def test_a_header_is_c_unless_it_clearly_is_cpp(head: bytes, language: str) -> None:
    assert language_of("include/x.h", head) == language


@pytest.mark.req("INDEX-8")
def test_no_grammar_is_loaded_before_a_file_needs_it() -> None:
    script = (
        "import sys, codelab.index.parsing.parse as p; p.language_of('a.py')\n"
        "assert not any('tree_sitter' in name for name in sys.modules), 'too early'\n"
        "p.parse('a.toml', b'a = 1')\n"
        "print(sorted(name for name in sys.modules if name.startswith('tree_sitter_') and '.' not in name))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['tree_sitter_toml']"
