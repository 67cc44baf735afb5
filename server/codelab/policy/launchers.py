"""Programs that run whatever their arguments say: a rule that lets them pass would let everything pass.

This is no boundary; that is the sandbox. It keeps a person from saying more than they meant.
"""

import re
import shlex
from collections.abc import Sequence
from functools import lru_cache


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


_SHELLS = _named("sh bash dash zsh ksh mksh fish csh tcsh ash busybox cmd powershell pwsh nu elvish xonsh")
_INTERPRETERS = _named(
    "python pythonw pypy node nodejs deno bun ruby irb perl php lua luajit tclsh wish expect awk gawk mawk "
    "nawk julia r rscript groovy scala java jshell dotnet osascript gdb lldb sqlite ed ex vi vim nvim emacs"
)
_STARTERS = _named(
    "env sudo doas su runuser setpriv xargs parallel find nohup setsid nice ionice time timeout stdbuf "
    "script watch exec command eval ssh scp rsync chroot unshare nsenter bwrap flock strace ltrace at "
    "systemd-run crontab docker podman kubectl npx pnpx bunx uvx pipx tmux screen start open xdg-open"
)
_VERSION = re.compile(r"[\d.]+$")


@lru_cache(maxsize=1024)
def program_name(word: str) -> str:
    """Return a program's name without folder, version and case: ``/usr/bin/Python3.11`` -> ``python``."""
    name = re.split(r"[/\\]", word)[-1].casefold().removesuffix(".exe")
    return _VERSION.sub("", name) or name


def is_shell(argv: Sequence[str]) -> bool:
    """Tell whether a command is a shell, whose arguments are a language of their own."""
    return bool(argv) and program_name(argv[0]) in _SHELLS


def runs_anything(argv: Sequence[str], *, scripts: bool = False) -> str:
    """Tell why a command must not be approved beforehand, or return an empty string.

    Args:
        argv: A command, or the beginning of one.
        scripts: Let an interpreter pass where the command says what it interprets: ``python -m pytest``.
    """
    if not argv:
        return "it names no program"
    name = program_name(argv[0])
    if name in _SHELLS:
        return f"{name} is a shell and runs whatever it is told"
    if name in _INTERPRETERS and not (scripts and _says_what(argv)):
        return f"{name} runs whatever program it is given"
    if name in _STARTERS:
        return f"{name} starts other programs"
    return ""


def _says_what(argv: Sequence[str]) -> bool:
    if len(argv) > 1 and argv[1] == "-m":
        return len(argv) > 2
    return len(argv) > 1 and not argv[1].startswith("-")


@lru_cache(maxsize=64)  # every rule about commands asks for those of the same call
def words_of(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words in which a forbidden command is looked for: its own, and those of a shell's line."""
    words = list(argv)
    if is_shell(argv):
        for part in argv[1:]:
            lexer = shlex.shlex(part, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            lexer.commenters = ""
            try:
                words += lexer
            except ValueError:  # a quote that is not closed
                words += part.split()
    return tuple(words)
