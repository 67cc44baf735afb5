"""Import statements resolved to files of the workspace."""

import json

import pytest

from codelab.index.knowledge.resolve import Tree, resolve
from codelab.index.parsing.parsed import Import

pytestmark = pytest.mark.req("INDEX-3")


def check_import(
    language: str, importer: str, module: str, expected: str, *names: str, files: str, **texts: str
) -> None:
    """Resolve one statement among files named in one line; ``texts`` are manifests by their path.

    ``expected`` lists the files it leads to, or is ``missing``, or empty for packages from elsewhere.
    """
    manifests = {path.replace("__", "/").replace("_json", ".json"): text for path, text in texts.items()}
    manifests = {
        {"go_mod": "go.mod", "Cargo_toml": "Cargo.toml"}.get(path, path): text
        for path, text in manifests.items()
    }
    tree = Tree([*files.split(), importer, *manifests], lambda path: manifests.get(path, ""))
    found = resolve(Import(module, names, 1), language, importer, tree)
    shown = "missing" if found.missing else " ".join(link.path for link in found.links)
    assert shown == expected


PYTHON = (
    "shop/__init__.py shop/cart.py shop/pay/__init__.py shop/pay/card.py src/lib/__init__.py src/lib/a.py"
)


@pytest.mark.parametrize(
    ("importer", "module", "names", "expected"),
    [
        ("app.py", "shop.cart", ("Cart",), "shop/cart.py"),
        ("app.py", "shop", ("cart",), "shop/cart.py"),
        ("app.py", "shop", ("cart", "Other"), "shop/cart.py shop/__init__.py"),
        ("app.py", "shop.pay", ("*",), "shop/pay/__init__.py"),
        ("shop/x.py", ".", ("cart",), "shop/cart.py"),
        ("shop/pay/x.py", "..cart", ("Cart",), "shop/cart.py"),
        ("shop/pay/x.py", ".card", (), "shop/pay/card.py"),
        ("tests/test_a.py", "lib.a", (), "src/lib/a.py"),
        ("app.py", "os.path", (), ""),
        ("app.py", "requests", ("get",), ""),
        ("shop/x.py", ".gone", (), "missing"),
        ("app.py", "shop.gone", ("a",), "missing"),
        ("app.py", "shop.cart.inner", (), ""),
        ("app.py", "...", ("a",), ""),
        ("scripts/run.py", "helper", (), "scripts/helper.py"),
        ("app.py", "spread.one", (), "spread/one.py"),
    ],
)
def test_python(importer: str, module: str, names: tuple[str, ...], expected: str) -> None:
    files = f"{PYTHON} scripts/helper.py spread/one.py"
    check_import("python", importer, module, expected, *names, files=files)


def test_a_package_of_another_project_counts_only_where_it_has_the_whole_module() -> None:
    files = "one/tools/__init__.py one/tools/a.py two/x.py"
    check_import("python", "two/x.py", "tools.a", "one/tools/a.py", files=files)
    check_import("python", "two/x.py", "tools.b", "", files=files)


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("./util", "src/util.ts"),
        ("./util.js", "src/util.ts"),
        ("./parts", "src/parts/index.tsx"),
        ("..", "index.js"),
        ("./style.css?inline", "src/style.css"),
        ("./gone", "missing"),
        ("react", ""),
        ("node:fs", ""),
        ("@app/deep/thing", "src/deep/thing.ts"),
        ("deep/thing", "src/deep/thing.ts"),
        ("@scope/ui", "packages/ui/src/index.ts"),
        ("@scope/ui/button", "packages/ui/src/button.ts"),
        ("#internal", "src/util.ts"),
    ],
)
def test_ecmascript(module: str, expected: str) -> None:
    config = '{// comments are allowed\n"compilerOptions": {"baseUrl": "src", "paths": {"@app/*": ["./*"],}}}'
    package = {
        "name": "@scope/ui",
        "exports": {".": {"import": "./dist/index.js"}, "./*": "./dist/*.js"},
    }
    check_import(
        "typescript",
        "src/main.ts",
        module,
        expected,
        files="index.js src/util.ts src/parts/index.tsx src/style.css src/deep/thing.ts"
        " packages/ui/src/index.ts packages/ui/src/button.ts",
        tsconfig_json=config,
        package_json='{"name": "root", "imports": {"#internal": "./src/util.ts"}}',
        packages__ui__package_json=json.dumps(package),
    )


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("example.org/shop/pay", "pay/card.go pay/cash.go"),
        ("example.org/shop", "main.go"),
        ("example.org/shop/gone", "missing"),
        ("fmt", ""),
    ],
)
def test_go(module: str, expected: str) -> None:
    check_import(
        "go",
        "cmd/x.go",
        module,
        expected,
        files="main.go pay/cash.go pay/card.go pay/card_test.go",
        go_mod="module example.org/shop\n\ngo 1.22\n",
    )


@pytest.mark.parametrize(
    ("importer", "module", "names", "expected"),
    [
        ("src/main.rs", "pay", (), "src/pay/mod.rs"),
        ("src/pay/mod.rs", "card", (), "src/pay/card.rs"),
        ("src/cart.rs", "crate::pay::card", ("Card",), "src/pay/card.rs"),
        ("src/pay/card.rs", "super", ("Pay",), "src/pay/mod.rs"),
        ("src/cart.rs", "crate::pay", ("card", "Pay"), "src/pay/card.rs src/pay/mod.rs"),
        ("src/cart.rs", "std::io", ("Read",), ""),
        ("src/cart.rs", "my_shop", ("run",), "src/main.rs"),
    ],
)
def test_rust(importer: str, module: str, names: tuple[str, ...], expected: str) -> None:
    files = "src/main.rs src/cart.rs src/pay/mod.rs src/pay/card.rs"
    manifest = '[package]\nname = "my-shop"\n'
    check_import("rust", importer, module, expected, *names, files=files, Cargo_toml=manifest)


@pytest.mark.parametrize(
    ("language", "importer", "module", "names", "expected", "files"),
    [
        ("java", "app/A.java", "org.shop.pay", ("Card",), "src/org/shop/pay/Card.java", ""),
        ("java", "app/A.java", "org.shop.pay", ("*",), "src/org/shop/pay/Card.java", ""),
        ("java", "app/A.java", "org.shop.pay.Card", ("LIMIT",), "src/org/shop/pay/Card.java", ""),
        ("kotlin", "app/A.kt", "org.shop.pay.Card", (), "src/org/shop/pay/Card.java", ""),
        ("java", "app/A.java", "java.util", ("List",), "", ""),
        ("c", "src/main.c", "util.h", (), "src/util.h", "src/util.h include/util.h"),
        ("cpp", "src/main.cc", "shop/pay.h", (), "include/shop/pay.h", "include/shop/pay.h"),
        ("c", "src/main.c", "string.h", (), "", "lib/string.h"),
        ("c", "src/main.c", "zlib.h", (), "", ""),
        ("php", "src/A.php", "App\\Pay", ("Card",), "src/Pay/Card.php", "src/Pay/Card.php"),
        ("ruby", "bin/run.rb", "../lib/shop", (), "lib/shop.rb", "lib/shop.rb"),
        ("ruby", "bin/run.rb", "shop/pay", (), "lib/shop/pay.rb", "lib/shop/pay.rb"),
        ("ruby", "bin/run.rb", "json", (), "", ""),
        ("lua", "main.lua", "shop.pay", (), "shop/pay.lua", "shop/pay.lua"),
        ("dart", "bin/a.dart", "package:shop/pay.dart", (), "lib/pay.dart", "lib/pay.dart"),
        ("bash", "run.sh", "./lib/common.sh", (), "lib/common.sh", "lib/common.sh"),
        ("unheard of", "a.x", "https://example.org/b", (), "", ""),
    ],
)
def test_other_languages(  # noqa: PLR0917 - a row of the table above
    language: str, importer: str, module: str, names: tuple[str, ...], expected: str, files: str
) -> None:
    texts = {"composer.json": '{"autoload": {"psr-4": {"App\\\\": "src/"}}}', "pubspec.yaml": "name: shop\n"}
    listed = files or "src/org/shop/pay/Card.java"
    check_import(language, importer, module, expected, *names, files=listed, **texts)


def test_a_namespace_leads_to_the_files_that_declare_it() -> None:
    tree = Tree(["a.cs", "b.cs"], lambda path: "", lambda: {"Shop.Pay": ["b.cs"]})
    assert [link.path for link in resolve(Import("Shop.Pay", (), 1), "csharp", "a.cs", tree).links] == [
        "b.cs"
    ]
    assert resolve(Import("System.IO", (), 1), "csharp", "a.cs", tree).links == ()


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"compilerOptions": 3, "paths": null}', '{"name": ["x"]}'])
def test_a_manifest_that_makes_no_sense_is_passed_over(text: str) -> None:
    for language, module in (("typescript", "@app/x"), ("php", "A\\B"), ("rust", "serde")):
        texts = dict.fromkeys(("tsconfig.json", "package.json", "composer.json", "Cargo.toml"), text)
        check_import(language, "src/a.ts", module, "", files="src/b.ts", **texts)
