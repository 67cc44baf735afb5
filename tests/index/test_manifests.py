import textwrap
from pathlib import Path

import pytest

from codelab.index.parsing.manifests import Dependency, ecosystem_of, format_of, read_manifest
from codelab.index.reader import IndexReader
from codelab.index.types import RequiredPackage
from tests.index.conftest import Index
from tests.index.helpers import write

NONSENSE = (
    b"",
    b"\xff\xfe\x00",
    b"[" * 50_000,
    b'{"dependencies": ' * 5_000,
    b"<a>" * 50_000,
    b"[project\n= =",
    b'{"dependencies": [1], "require": 3}',
    b"project = 1\ndependencies = 2\n",
    b"[a]\n[a]\nx=1\nx=2\n",
    b'gem "' * 20_000,
    b".package(" * 20_000,
    b'implementation("a:' * 20_000,
    b"a == " * 20_000,
)


def check_reads(path: str, text: str, expected: list[tuple[str, str, str, int]]) -> None:
    """A manifest gives these: name, constraint, kind, line."""
    assert read_manifest(path, textwrap.dedent(text).encode()) == tuple(
        Dependency(*one) for one in sorted(expected, key=lambda one: one[3])
    )


@pytest.mark.req("INDEX-8")
def test_a_requirements_file() -> None:
    text = """\
        # what we need
        -r base.txt
        Django[argon2]>=4.2,<5 ; python_version >= "3.9"  # the framework
        zope.interface == 6.0 \\
            --hash=sha256:abc
        -e git+https://example.org/x.git#egg=x
        tool @ https://example.org/tool-1.0.zip
        https://example.org/nameless.zip
        plain
    """
    found = [
        ("Django", ">=4.2,<5", "runtime", 3),
        ("zope.interface", "== 6.0", "runtime", 4),
        ("tool", "@ https://example.org/tool-1.0.zip", "runtime", 7),
        ("plain", "", "runtime", 9),
    ]
    check_reads("requirements.txt", text, found)
    check_reads("requirements/base.in", "plain~=1.0\n", [("plain", "~=1.0", "runtime", 1)])
    check_reads("requirements-dev.txt", "plain\n", [("plain", "", "development", 1)])


@pytest.mark.req("INDEX-8")
def test_a_pyproject_with_every_way_to_ask() -> None:
    text = """\
        [build-system]
        requires = ["hatchling>=1.2"]
        [project]
        dependencies = [
            "httpx[http2]>=0.27; sys_platform != 'win32'",
            "hatchling",
        ]
        [project.optional-dependencies]
        gpu = ["torch>2"]
        [dependency-groups]
        dev = ["pytest>=8", {include-group = "lint"}]
        [tool.poetry.dependencies]
        python = "^3.11"
        rich = {version = "^13", extras = ["x"]}
        local = {path = "../local"}
        [tool.poetry.group.docs.dependencies]
        mkdocs = "*"
        [tool.uv]
        dev-dependencies = ["ruff==0.5"]
    """
    found = [
        ("hatchling", ">=1.2", "build", 2),
        ("httpx", ">=0.27", "runtime", 5),
        ("hatchling", "", "runtime", 6),
        ("torch", ">2", "optional", 9),
        ("pytest", ">=8", "development", 11),
        ("rich", "^13", "runtime", 14),
        ("local", "path: ../local", "runtime", 15),
        ("mkdocs", "*", "development", 17),
        ("ruff", "==0.5", "development", 19),
    ]
    check_reads("pyproject.toml", text, found)


@pytest.mark.req("INDEX-8")
def test_setup_cfg_and_pipfile() -> None:
    text = """\
        [options]
        install_requires =
            requests>=2
            six; python_version < "3"
        tests_require = pytest
        [options.extras_require]
        s3 = boto3>1
    """
    found = [
        ("requests", ">=2", "runtime", 3),
        ("six", "", "runtime", 4),
        ("pytest", "", "test", 5),
        ("boto3", ">1", "optional", 7),
    ]
    check_reads("setup.cfg", text, found)
    text = '[packages]\nflask = "*"\n[dev-packages]\nblack = {version = "==24.1"}\n'
    check_reads("Pipfile", text, [("flask", "*", "runtime", 2), ("black", "==24.1", "development", 4)])


@pytest.mark.req("INDEX-8")
def test_manifests_in_json() -> None:
    text = """\
        {
          "name": "express",
          "dependencies": {
            "express": "^4.19.0",
            "@types/node": "20.x"
          },
          "devDependencies": { "express": "next" },
          "peerDependencies": { "react": ">=18" }
        }
    """
    found = [
        ("express", "^4.19.0", "runtime", 4),
        ("@types/node", "20.x", "runtime", 5),
        ("express", "next", "development", 7),
        ("react", ">=18", "peer", 8),
    ]
    check_reads("web/package.json", text, found)
    text = '{"require": {"php": ">=8.1", "ext-json": "*", "monolog/monolog": "^3"},\n'
    text += ' "require-dev": {"phpunit/phpunit": "^10"}}'
    found = [("monolog/monolog", "^3", "runtime", 1), ("phpunit/phpunit", "^10", "development", 2)]
    check_reads("composer.json", text, found)


@pytest.mark.req("INDEX-8")
def test_a_cargo_manifest() -> None:
    text = """\
        [dependencies]
        serde = { version = "1.0", features = ["derive"] }
        tokio = "1"
        fast = { version = "2", optional = true }
        own = { path = "../own" }
        shared = { workspace = true }
        [dev-dependencies]
        tokio = { version = "1", features = ["test"] }
        [target.'cfg(unix)'.dependencies]
        nix = "0.29"
        [workspace.dependencies]
        shared = "3"
    """
    found = [
        ("serde", "1.0", "runtime", 2),
        ("tokio", "1", "runtime", 3),
        ("fast", "2", "optional", 4),
        ("own", "path: ../own", "runtime", 5),
        ("shared", "workspace", "runtime", 6),
        ("tokio", "1", "development", 8),
        ("nix", "0.29", "runtime", 10),
        ("shared", "3", "managed", 12),
    ]
    check_reads("Cargo.toml", text, found)


@pytest.mark.req("INDEX-8")
def test_a_go_module() -> None:
    text = """\
        module example.org/app

        go 1.22

        require golang.org/x/net v0.24.0
        require (
            github.com/spf13/cobra v1.8.0 // the commands
            gopkg.in/yaml.v3 v3.0.1 // indirect
        )
        replace golang.org/x/net => ../net
    """
    found = [
        ("golang.org/x/net", "v0.24.0", "runtime", 5),
        ("github.com/spf13/cobra", "v1.8.0", "runtime", 7),
        ("gopkg.in/yaml.v3", "v3.0.1", "indirect", 8),
    ]
    check_reads("go.mod", text, found)


@pytest.mark.req("INDEX-8")
def test_a_pom_with_properties() -> None:
    text = """\
        <?xml version="1.0"?>
        <project xmlns="http://maven.apache.org/POM/4.0.0">
          <version>2.0</version>
          <properties><jackson.version>2.17.0</jackson.version></properties>
          <dependencies>
            <dependency>
              <groupId>com.fasterxml</groupId><artifactId>jackson</artifactId>
              <version>${jackson.version}</version>
            </dependency>
            <dependency><groupId>junit</groupId><artifactId>junit</artifactId><scope>test</scope></dependency>
          </dependencies>
          <build><plugins>
            <plugin><artifactId>maven-jar-plugin</artifactId><version>3.4</version></plugin>
          </plugins></build>
        </project>
    """
    found = [
        ("com.fasterxml:jackson", "2.17.0", "runtime", 6),
        ("junit:junit", "", "test", 10),
        ("maven-jar-plugin", "3.4", "build", 13),
    ]
    check_reads("pom.xml", text, found)


@pytest.mark.req("INDEX-8")
def test_gradle_in_both_languages_and_its_catalogue() -> None:
    text = """\
        plugins { id("com.android.application") version "8.4.0" }
        dependencies {
            implementation("androidx.core:core-ktx:1.13.1")
            api 'com.squareup.okhttp3:okhttp:4.12.0'
            testImplementation platform("org.junit:junit-bom:5.10.2")
            compileOnly group: 'javax.servlet', name: 'servlet-api', version: '2.5'
            kapt("com.google.dagger:dagger-compiler:$dagger")
            implementation project(":core")
            // implementation("not:this:1")
        }
    """
    found = [
        ("com.android.application", "8.4.0", "build", 1),
        ("androidx.core:core-ktx", "1.13.1", "runtime", 3),
        ("com.squareup.okhttp3:okhttp", "4.12.0", "runtime", 4),
        ("org.junit:junit-bom", "5.10.2", "test", 5),
        ("javax.servlet:servlet-api", "2.5", "build", 6),
        ("com.google.dagger:dagger-compiler", "$dagger", "build", 7),
    ]
    check_reads("app/build.gradle.kts", text, found)
    text = """\
        [versions]
        okhttp = "4.12.0"
        [libraries]
        okhttp = { module = "com.squareup.okhttp3:okhttp", version.ref = "okhttp" }
        junit = "junit:junit:4.13"
    """
    found = [("com.squareup.okhttp3:okhttp", "4.12.0", "managed", 4), ("junit:junit", "4.13", "managed", 5)]
    check_reads("gradle/libs.versions.toml", text, found)


@pytest.mark.req("INDEX-8")
def test_an_sbt_build() -> None:
    text = """\
        val circe = "0.14.7"
        libraryDependencies ++= Seq(
          "io.circe" %% "circe-core" % circe,
          "org.scalatest" %% "scalatest" % "3.2.18" % Test
        )
    """
    found = [
        ("io.circe:circe-core", "0.14.7", "runtime", 3),
        ("org.scalatest:scalatest", "3.2.18", "test", 4),
    ]
    check_reads("build.sbt", text, found)


@pytest.mark.req("INDEX-8")
def test_gems() -> None:
    text = """\
        source "https://rubygems.org"
        gem "rails", "~> 7.1", ">= 7.1.3"
        gem 'pg', require: false
        group :development, :test do
          gem "rspec-rails", "~> 6.0"
          platforms :ruby do
            gem "byebug"
          end
        end
        gem "rubocop", group: :development
        gem "puma"  # the server
    """
    found = [
        ("rails", "~> 7.1, >= 7.1.3", "runtime", 2),
        ("pg", "", "runtime", 3),
        ("rspec-rails", "~> 6.0", "development", 5),
        ("byebug", "", "development", 7),
        ("rubocop", "", "development", 10),
        ("puma", "", "runtime", 11),
    ]
    check_reads("Gemfile", text, found)
    text = 'spec.add_dependency "rack", ">= 2"\nspec.add_development_dependency("rake", "~> 13")\n'
    found = [("rack", ">= 2", "runtime", 1), ("rake", "~> 13", "development", 2)]
    check_reads("x.gemspec", text, found)


@pytest.mark.req("INDEX-8")
def test_projects_of_dotnet() -> None:
    text = """\
        <Project Sdk="Microsoft.NET.Sdk">
          <ItemGroup>
            <PackageReference Include="Newtonsoft.Json" Version="13.0.3" />
            <PackageReference Include="Serilog"><Version>4.0</Version></PackageReference>
            <PackageReference Include="Analyzers" Version="1.0" PrivateAssets="all" />
            <ProjectReference Include="../Core/Core.csproj" />
          </ItemGroup>
        </Project>
    """
    found = [
        ("Newtonsoft.Json", "13.0.3", "runtime", 3),
        ("Serilog", "4.0", "runtime", 4),
        ("Analyzers", "1.0", "development", 5),
    ]
    check_reads("App.csproj", text, found)
    text = '<packages>\n<package id="NUnit" version="3.14" developmentDependency="true" /></packages>'
    check_reads("packages.config", text, [("NUnit", "3.14", "development", 2)])


@pytest.mark.req("INDEX-8")
def test_manifests_of_dart_and_swift() -> None:
    text = """\
        name: shop
        environment:
          sdk: ^3.0.0
        dependencies:
          flutter:
            sdk: flutter
          http: ^1.2.0 # calls
          hosted:
            hosted: https://example.org
            version: ">=2.0.0"
        dev_dependencies:
          lints: any
    """
    found = [
        ("flutter", "sdk: flutter", "runtime", 5),
        ("http", "^1.2.0", "runtime", 7),
        ("hosted", "hosted: https://example.org", "runtime", 8),
        ("lints", "any", "development", 12),
    ]
    check_reads("pubspec.yaml", text, found)
    text = """\
        let package = Package(name: "Shop", dependencies: [
            .package(url: "https://github.com/apple/swift-nio.git", from: "2.65.0"),
            .package(url: "https://github.com/vapor/vapor", .upToNextMajor(from: "4.0.0")),
            .package(path: "../Core"),
        ])
    """
    found = [
        ("swift-nio", 'from: "2.65.0"', "runtime", 2),
        ("vapor", '.upToNextMajor(from: "4.0.0")', "runtime", 3),
        ("Core", "path: ../Core", "runtime", 4),
    ]
    check_reads("Package.swift", text, found)


@pytest.mark.req("INDEX-8")
def test_entities_are_never_expanded() -> None:
    bomb = '<!DOCTYPE p [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>'
    project = "<project><parent><artifactId>{}</artifactId></parent></project>"
    check_reads("pom.xml", project.format("sound"), [("sound", "", "build", 1)])
    check_reads("pom.xml", bomb + project.format("&b;"), [])
    check_reads("pom.xml", bomb + project.format("sound"), [])


@pytest.mark.req("INDEX-8")
@pytest.mark.parametrize(
    "path",
    [
        *("requirements.txt", "pyproject.toml", "setup.cfg", "Pipfile", "package.json", "composer.json"),
        *("Cargo.toml", "go.mod", "pom.xml", "build.gradle", "libs.versions.toml", "build.sbt", "Gemfile"),
        *("App.csproj", "pubspec.yaml", "Package.swift"),
    ],
)
def test_a_manifest_that_makes_no_sense_gives_little_and_raises_nothing(path: str) -> None:
    assert format_of(path)
    assert ecosystem_of(path)
    for data in NONSENSE:
        assert all(one.name for one in read_manifest(path, data))


@pytest.mark.req("INDEX-8")
def test_only_manifests_are_read() -> None:
    assert read_manifest("notes.txt", b"requests>=2\n") == ()
    assert read_manifest("data/other.json", b'{"dependencies": {"a": "1"}}') == ()
    assert format_of("notes.txt") == ecosystem_of("notes.txt") == ""
    assert ecosystem_of("a\\b\\Cargo.toml") == "crates"


@pytest.mark.req("INDEX-8")
def test_what_a_workspace_asks_for_is_read_from_the_index(
    root: Path, index: Index, reader: IndexReader
) -> None:
    write(
        root,
        """
        == requirements.txt
        django>=5
        == api/requirements.txt
        django>=5
        == notes/asked.txt
        django>=5
        == web/package.json
        {"dependencies": {"react": "^18"}}
        """,
    )
    index()
    assert reader.dependencies() == [
        RequiredPackage("api/requirements.txt", "pypi", "django", ">=5", "runtime", 1),
        RequiredPackage("requirements.txt", "pypi", "django", ">=5", "runtime", 1),
        RequiredPackage("web/package.json", "npm", "react", "^18", "runtime", 1),
    ]
    (root / "requirements.txt").write_text("flask\n")
    (root / "api/requirements.txt").unlink()
    index()
    assert [(one.path, one.name) for one in reader.dependencies()] == [
        ("requirements.txt", "flask"),
        ("web/package.json", "react"),
    ]
