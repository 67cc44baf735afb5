"""Fetch the sources that the bundled embedder is learnt from: fixed versions, checked by their digests."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

_WHEELS = (
    "--only-binary",
    ":all:",
    "--platform",
    "manylinux_2_34_x86_64",
    "--platform",
    "manylinux_2_28_x86_64",
)
_OLDER_WHEELS = ("--platform", "manylinux_2_17_x86_64", "--platform", "any", "--python-version", "3.11")


class Source(NamedTuple):
    """One package.

    Attributes:
        registry: ``pypi``, ``npm`` or ``debian``.
        name: Of the package there.
        version: Of the package.
        file: Of the archive, as its client names it.
        sha256: Of the archive.
        licence: As an SPDX expression where there is one.
        use: ``trained on`` or ``held out``, the latter for measuring only.
    """

    registry: str
    name: str
    version: str
    file: str
    sha256: str
    licence: str
    use: str


def read_sources() -> list[Source]:
    """Return all sources, in the order of the list."""
    listed = Path(__file__).with_name("sources.json").read_text(encoding="utf-8")
    return [Source(**one) for one in json.loads(listed)]


def fetch(source: Source, folder: Path) -> Path:
    """Bring an archive into a folder, unless it is there, and check it.

    Returns:
        The archive.

    Raises:
        SystemExit: The registry's client failed, or what came is not what was meant.
    """
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / source.file
    if not archive.exists():
        subprocess.run(_client(source, folder), check=True, cwd=folder, stdout=subprocess.DEVNULL)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != source.sha256:
        raise SystemExit(f"{archive.name}: its SHA-256 is {digest}, not {source.sha256}")
    return archive


def _client(source: Source, folder: Path) -> list[str]:
    if source.registry == "npm":
        return ["npm", "pack", "--silent", "--ignore-scripts", f"{source.name}@{source.version}"]
    if source.registry == "debian":
        return ["apt-get", "download", f"{source.name}={source.version}"]
    chosen = (*_WHEELS, *_OLDER_WHEELS) if source.file.endswith(".whl") else ("--no-binary", ":all:")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    return [*pip, *chosen, f"{source.name}=={source.version}"]
