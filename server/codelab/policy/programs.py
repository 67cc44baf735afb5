"""Programs of which the name says nothing about what they do: their arguments, files or input decide it."""

import re
from collections.abc import Mapping
from types import MappingProxyType

_SHELLS = (
    "sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "csh", "tcsh", "fish", "pwsh", "powershell",
    "cmd", "busybox", "toybox", "elvish", "nu", "xonsh",
)  # fmt: skip
_INTERPRETERS = (
    "python", "pypy", "node", "nodejs", "deno", "bun", "ruby", "irb", "perl", "php", "lua",
    "luajit", "tclsh", "wish", "expect", "guile", "racket", "scheme", "sbcl", "clisp", "emacs",
    "vi", "vim", "nvim", "ed", "ex", "awk", "gawk", "mawk", "nawk", "sed", "osascript", "rscript",
    "r", "julia", "java", "jshell", "groovy", "scala", "kotlin", "kotlinc", "ghci", "runghc",
    "runhaskell", "erl", "elixir", "iex", "swift", "gdb", "lldb", "m4", "bc", "dc", "sqlite3",
    "psql", "mysql", "jq", "yq", "make", "gmake", "ninja", "cmake", "just", "rake", "gradle", "mvn",
    "ant", "npx", "bunx", "uvx", "pipx", "wasmtime",
)  # fmt: skip
_LAUNCHERS = (
    "env", "xargs", "find", "fd", "parallel", "nice", "ionice", "nohup", "timeout", "time", "watch",
    "script", "strace", "ltrace", "perf", "setsid", "stdbuf", "chroot", "unshare", "nsenter",
    "bwrap", "firejail", "sudo", "doas", "su", "runuser", "pkexec", "docker", "podman", "kubectl",
    "tmux", "screen", "systemd-run", "at", "batch", "crontab", "ssh-agent", "direnv", "entr", "uv",
    "poetry", "pdm", "hatch", "tox", "nox", "conda", "mamba", "rg", "git", "hg", "svn", "tar",
    "zip", "less", "more", "man", "cargo", "go", "npm", "pnpm", "yarn", "pip",
)  # fmt: skip
_NETWORK = (
    "curl", "wget", "ssh", "scp", "sftp", "rsync", "nc", "ncat", "netcat", "socat", "telnet", "ftp",
    "lftp", "aria2c", "http", "https", "xh", "gh", "glab", "aws",
)  # fmt: skip

_WHY: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(_SHELLS, "it is a shell"),
        **dict.fromkeys(_INTERPRETERS, "it runs code that it is given"),
        **dict.fromkeys(_LAUNCHERS, "it can start other programs"),
        **dict.fromkeys(_NETWORK, "it speaks to the network"),
    }
)
_ONLY_WHOLE = frozenset(
    {"make", "gmake", "ninja", "cargo", "go", "npm", "pnpm", "yarn", "just", "gradle", "mvn", "rg", "git"}
)
_VERSION = re.compile(r"[-.\d]*(?:\.exe)?$")


def base_name(program: str) -> str:
    """Return the name of a program without its folders, in small letters."""
    return program.replace("\\", "/").rpartition("/")[2].casefold()


def why_open(program: str) -> str:
    """Return why a command of a program means nothing by itself, or an empty string.

    Args:
        program: Its name or path; a version behind the name does not matter.
    """
    base = base_name(program)
    for name in (base, _VERSION.sub("", base)):
        if name in _WHY and name not in _ONLY_WHOLE:
            return f"{name}: {_WHY[name]}"
    return ""


def counts_only_whole(program: str) -> bool:
    """Tell whether words behind the beginning of a program's command decide what runs: ``make``, ``git``."""
    return base_name(program) in _ONLY_WHOLE
