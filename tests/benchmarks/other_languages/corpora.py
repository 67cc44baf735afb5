"""The repositories: which release, where it comes from, and what is asked about it."""

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

HERE = Path(__file__).parent


class Corpus(NamedTuple):
    """One repository.

    Attributes:
        name: Of its folder, and of the file of queries about it.
        language: That most of it is written in.
        package: The source package of Debian that its release comes from.
        version: Of the package.
        file: The archive of the release in it.
        sha256: Of the archive.
        half: ``mended`` if its bad answers were looked at, ``held out`` if it was only ever scored.
    """

    name: str
    language: str
    package: str
    version: str
    file: str
    sha256: str
    half: str


class Asked(NamedTuple):
    """A query, and the files that answer it."""

    text: str
    category: str
    paths: tuple[str, ...]


def corpora() -> list[Corpus]:
    """Return all repositories."""
    listed = json.loads((HERE / "repositories.json").read_text(encoding="utf-8"))
    return [Corpus(**one) for one in listed]


def queries(corpus: Corpus) -> list[Asked]:
    """Return what is asked about a repository."""
    listed = json.loads((HERE / f"{corpus.name}.json").read_text(encoding="utf-8"))
    return [Asked(one["query"], one["category"], (*one["relevant"], *one["secondary"])) for one in listed]


def fetch(corpus: Corpus, trees: Path) -> Path:
    """Return a repository's tree, after fetching and unpacking its release if it is not there.

    Raises:
        SystemExit: What came is not what was meant.
    """
    tree = trees / corpus.name
    if tree.is_dir():
        return tree.resolve()
    archive = trees / corpus.file
    if not archive.exists():
        trees.mkdir(parents=True, exist_ok=True)
        source = ["apt-get", "source", "--download-only", "--tar-only"]
        subprocess.run([*source, f"{corpus.package}={corpus.version}"], check=True, cwd=trees)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != corpus.sha256:
        raise SystemExit(f"{archive}: its SHA-256 is {digest}, not {corpus.sha256}")
    _unpack(archive, tree)
    return tree.resolve()


def _unpack(archive: Path, tree: Path) -> None:
    """Write the regular files of an archive into a folder, without the folder they all lie in."""
    with tarfile.open(archive) as tar:
        for member in tar:
            parts = PurePosixPath(member.name).parts[1:]
            content = tar.extractfile(member) if member.isfile() else None
            if content is None or not parts or ".." in parts:
                continue
            target = tree.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())
