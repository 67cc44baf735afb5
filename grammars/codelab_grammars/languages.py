"""The table of languages, and which of them a file is in.

Adding a language takes one line here.
"""

import re
from typing import NamedTuple


class Language(NamedTuple):
    """One language.

    Attributes:
        name: Also the name of its folder of queries.
        wheel: The module that carries its grammar.
        function: The function of that module that returns the grammar.
        endings: Of file names, with the dot, in lower case.
        names: Well-known file names.
        shebangs: Interpreters whose scripts are in this language.
        queries: Folders read before its own, for a language that extends another.
    """

    name: str
    wheel: str
    function: str
    endings: tuple[str, ...]
    names: tuple[str, ...] = ()
    shebangs: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()


LANGUAGES = (
    Language(
        "python",
        "tree_sitter_python",
        "language",
        (".py", ".pyi", ".pyw"),
        ("SConstruct", "SConscript", "wscript"),
        ("python", "pypy"),
    ),
    Language(
        "javascript",
        "tree_sitter_javascript",
        "language",
        (".js", ".mjs", ".cjs", ".jsx"),
        ("Jakefile",),
        ("node",),
        ("ecmascript",),
    ),
    Language(
        "typescript",
        "tree_sitter_typescript",
        "language_typescript",
        (".ts", ".mts", ".cts"),
        (),
        ("deno", "ts-node", "tsx"),
        ("ecmascript",),
    ),
    Language(
        "tsx", "tree_sitter_typescript", "language_tsx", (".tsx",), queries=("ecmascript", "typescript")
    ),
    Language("go", "tree_sitter_go", "language", (".go",)),
    Language("rust", "tree_sitter_rust", "language", (".rs",)),
    Language("java", "tree_sitter_java", "language", (".java",)),
    Language("c", "tree_sitter_c", "language", (".c", ".h")),
    Language(
        "cpp",
        "tree_sitter_cpp",
        "language",
        (".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".ipp", ".inl", ".tpp", ".cppm"),
        queries=("c",),
    ),
    Language("c_sharp", "tree_sitter_c_sharp", "language", (".cs", ".csx", ".cake")),
    Language(
        "ruby",
        "tree_sitter_ruby",
        "language",
        (".rb", ".rake", ".gemspec", ".ru", ".podspec", ".jbuilder", ".rbw"),
        ("Gemfile", "Rakefile", "Podfile", "Vagrantfile", "Guardfile", "Fastfile", "Brewfile", "Capfile"),
        ("ruby", "jruby"),
    ),
    Language(
        "php",
        "tree_sitter_php",
        "language_php",
        (".php", ".phtml", ".php3", ".php4", ".php5", ".phps"),
        (),
        ("php",),
    ),
    Language(
        "bash",
        "tree_sitter_bash",
        "language",
        (".sh", ".bash", ".zsh", ".ksh", ".bats", ".ebuild", ".eclass"),
        (".bashrc", ".bash_profile", ".bash_aliases", ".profile", ".zshrc", "PKGBUILD", "APKBUILD"),
        ("sh", "bash", "dash", "ksh", "zsh"),
    ),
    Language("kotlin", "tree_sitter_kotlin", "language", (".kt", ".kts"), (), ("kotlin",)),
    Language("swift", "tree_sitter_swift", "language", (".swift",), (), ("swift",)),
    Language("scala", "tree_sitter_scala", "language", (".scala", ".sc", ".sbt"), (), ("scala", "amm")),
    Language(
        "lua",
        "tree_sitter_lua",
        "language",
        (".lua", ".rockspec"),
        (".luacheckrc",),
        ("lua", "luajit", "texlua"),
    ),
    Language("dart", "tree_sitter_dart", "language", (".dart",), (), ("dart",)),
    Language("html", "tree_sitter_html", "language", (".html", ".htm", ".xhtml", ".vue", ".svelte")),
    Language("css", "tree_sitter_css", "language", (".css",)),
    Language("markdown", "tree_sitter_markdown", "language", (".md", ".markdown", ".mdx", ".mkd")),
    Language("rst", "tree_sitter_rst", "language", (".rst", ".rest")),
    Language(
        "xml",
        "tree_sitter_xml",
        "language_xml",
        (
            *(".xml", ".xsd", ".xsl", ".xslt", ".rng", ".wsdl", ".plist", ".xaml", ".axaml", ".resx", ".xib"),
            *(".csproj", ".fsproj", ".vbproj", ".vcxproj", ".props", ".targets", ".nuspec", ".storyboard"),
            *(".rss", ".atom", ".dita", ".xlf", ".ui"),
        ),
        ("packages.config", "web.config", "app.config", "Web.config", "App.config", "NuGet.Config"),
    ),
    Language(
        "json",
        "tree_sitter_json",
        "language",
        (".json", ".jsonc", ".json5", ".webmanifest", ".geojson", ".code-workspace"),
        (".babelrc", ".eslintrc", ".prettierrc", "composer.lock", "flake.lock", "Pipfile.lock"),
    ),
    Language(
        "yaml", "tree_sitter_yaml", "language", (".yaml", ".yml"), (".clang-format", ".clang-tidy", ".clangd")
    ),
    Language(
        "toml",
        "tree_sitter_toml",
        "language",
        (".toml",),
        ("Pipfile", "Cargo.lock", "poetry.lock", "uv.lock", "pdm.lock"),
    ),
)

BY_NAME = {language.name: language for language in LANGUAGES}
_BY_ENDING = {ending: language.name for language in LANGUAGES for ending in language.endings}
_BY_FILE = {name: language.name for language in LANGUAGES for name in language.names}
_BY_SHEBANG = {name: language.name for language in LANGUAGES for name in language.shebangs}

# Words that begin a line of C++ and of nothing that is valid C.
_CPP = re.compile(
    rb"^[ \t]*(?:class[ \t]+\w|namespace\b|template[ \t]*<|using[ \t]+\w|(?:public|private|protected)[ \t]*:"
    rb"|#[ \t]*include[ \t]*<(?:algorithm|array|atomic|chrono|cstd\w+|deque|functional|iostream|list|map"
    rb"|memory|mutex|optional|ostream|set|span|sstream|string|string_view|thread|tuple|type_traits|unordered_map"
    rb"|utility|variant|vector)>)",
    re.MULTILINE,
)


def language_of(path: str, head: bytes = b"") -> str | None:
    """Return the language of a file.

    Args:
        path: Its path or name; well-known names come first, then endings.
        head: Its first bytes (a few thousand at most are looked at), for shebangs and for telling C from
            C++ in ``.h``.

    Returns:
        A name of LANGUAGES, or None when no grammar fits.
    """
    name = path.replace("\\", "/").rpartition("/")[2]
    found = _BY_FILE.get(name)
    if found is not None:
        return found
    dot = name.rfind(".")
    if dot >= 0:
        ending = name[dot:].lower()
        found = _BY_ENDING.get(ending)
        if found == "c" and ending == ".h" and _CPP.search(head[:8192]):
            return "cpp"
        return found
    return _of_shebang(head) if head.startswith(b"#!") else None


def _of_shebang(head: bytes) -> str | None:
    words = head[2:256].partition(b"\n")[0].split()
    programs = [word.rpartition(b"/")[2] for word in words if not word.startswith(b"-") and b"=" not in word]
    if programs and programs[0] == b"env":
        del programs[0]
    if not programs:
        return None
    name = programs[0].decode("ascii", "replace")
    return _BY_SHEBANG.get(name) or _BY_SHEBANG.get(name.rstrip("0123456789."))
