"""``codelab models pull``: download a GGUF file of the hub, with its progress."""

import os
import time

from codelab.cli.terminal import Terminal
from codelab.config.places import find_places
from codelab.core.wording import counted

_SHOW_EVERY_SECONDS = 0.2


def pull_model(name: str, terminal: Terminal) -> int:
    """Download a model, or list the names that there are."""
    from codelab_models.hub import find_on_hub, known_downloads
    from codelab_models.naming import of_file
    from codelab_models.pulling import pull

    if not name:
        known = known_downloads()
        if terminal.as_json:
            terminal.show_json(
                [
                    {
                        "name": one.name,
                        "repository": one.repository,
                        "file": one.file,
                        "roles": list(one.roles),
                        "memory_gb": one.memory_gb,
                    }
                    for one in known
                ]
            )
            return 0
        for one in sorted(known, key=lambda one: one.memory_gb):
            terminal.show(f"{one.name:<22} {one.memory_gb:>3} GB of memory  {', '.join(one.roles)}")
        terminal.note("Or any file of the hub: `codelab models pull owner/repository/file.gguf`.")
        return 0
    files = find_on_hub(name, os.environ)
    size = sum(file.size for file in files)
    terminal.note(f"{counted(len(files), 'file')} of {files[0].repository}, {size / 1e9:.2f} GB in all")
    paths = [pull(file, find_places().models, _Shown(file.name, terminal)) for file in files]
    terminal.clear_progress()
    model = of_file(paths[0])
    if terminal.as_json:
        terminal.show_json({"files": [str(path) for path in paths], "bytes": size, "model": model})
        return 0
    terminal.show(str(paths[0]))
    terminal.note(f"Its checksum is right. `codelab models use code {model}` uses it.")
    return 0


class _Shown:
    """Shows how far a download is, a few times a second."""

    def __init__(self, name: str, terminal: Terminal) -> None:
        self._name = name
        self._terminal = terminal
        self._began = self._last = time.monotonic()
        self._at_first: int | None = None

    def __call__(self, what: str, done: int, of: int) -> None:
        now = time.monotonic()
        if self._at_first is None or what != "downloading":
            self._at_first = done
        if now - self._last < _SHOW_EVERY_SECONDS and done < of:
            return
        self._last = now
        speed = (done - self._at_first) / max(now - self._began, 0.001)
        rate = f", {speed / 1e6:.1f} MB/s" if what == "downloading" and speed else ""
        self._terminal.progress(f"{what} {self._name}: {100 * done // of} % of {of / 1e9:.2f} GB{rate}")
