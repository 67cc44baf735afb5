"""Programs of which no command gets a standing rule, besides those that run whatever they are told.

``launchers`` has the latter, which no rule of a policy file lets pass either. These a person may allow in a
policy file, deliberately; a prompt does not offer it.
"""

from codelab.policy.launchers import program_name, runs_anything


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


_RUN_MORE = _named(
    "toybox sed guile racket scheme sbcl clisp kotlin kotlinc ghci runghc runhaskell erl elixir iex swift m4 "
    "bc dc psql mysql jq yq cmake rake ant wasmtime fd perf firejail pkexec batch ssh-agent direnv entr uv "
    "poetry pdm hatch tox nox conda mamba hg svn tar zip less more man pip"
)
_NETWORK = _named("curl wget sftp nc ncat netcat socat telnet ftp lftp aria2c http https xh gh glab aws")
_ONLY_WHOLE = _named("make gmake ninja cargo go npm pnpm yarn just gradle mvn rg git")


def why_open(program: str) -> str:
    """Return why a command of a program means nothing by itself, or an empty string.

    Args:
        program: Its name or path; a version behind the name does not matter.
    """
    name = program_name(program)
    if name in _RUN_MORE:
        return f"{name} runs what its arguments or files say"
    if name in _NETWORK:
        return f"{name} speaks to the network"
    return runs_anything((program,))


def counts_only_whole(program: str) -> bool:
    """Tell whether words behind the beginning of a program's command decide what runs: ``make``, ``git``."""
    return program_name(program) in _ONLY_WHOLE
