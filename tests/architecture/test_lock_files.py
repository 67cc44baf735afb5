"""The lock files: complete, hashed, agreeing with pyproject.toml and with each other."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.source_tree import ROOT

LOCKS = ("base", "dev", "local", "onnx", "build")


def locked(name: str) -> dict[str, tuple[str, str]]:
    """Return package, versions (several where a marker chooses) and the whole entry of a lock file."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)
    found: dict[str, tuple[str, str]] = {}
    for entry in entries:
        if match := re.match(r"([A-Za-z0-9._-]+)==(\S+)", entry):
            found[canonicalize_name(match[1])] = (match[2], entry)
    return found


def declared() -> dict[str, list[Requirement]]:
    """Return the requirements of pyproject.toml by the lock file that must hold them."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        data = tomllib.load(file)
    base = data["project"]["dependencies"]
    extras = data["project"]["optional-dependencies"]
    wanted = {
        "base": base,
        "dev": base + extras["dev"],
        "local": base + extras["local"],
        "onnx": base + extras["onnx"],
        "build": data["build-system"]["requires"],
    }
    return {name: [Requirement(text) for text in texts] for name, texts in wanted.items()}


@pytest.mark.req("CARD-8")
@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_holds_everything_declared_in_a_version_that_is_allowed(name: str) -> None:
    versions = locked(name)
    for requirement in declared()[name]:
        version = versions[canonicalize_name(requirement.name)][0]
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement}: locked {version}"


@pytest.mark.req("CARD-8")
@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes_and_no_address(name: str) -> None:
    for package, (_, entry) in locked(name).items():
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), package
        assert "://" not in entry and "file:" not in entry and " @ " not in entry, package


@pytest.mark.req("CARD-8")
def test_what_two_lock_files_share_has_one_version() -> None:
    base = locked("base")
    for name in LOCKS[1:]:
        for package, (version, _) in locked(name).items():
            assert package not in base or base[package][0] == version, f"{package} in {name}"
