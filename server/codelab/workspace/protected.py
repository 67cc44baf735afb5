"""Files that something executes or trusts as it is: the editor, the shell, git, package managers, agents.

A change of one is never a plain edit, even where the file does not exist yet. Names are compared as the
most lenient file system would: without case, compatibility forms, invisible characters, trailing dots.
"""

import re
from itertools import chain

from codelab.workspace.folding import folded

_VERSION_CONTROL = "git or another version control system runs what it says"
_EDITOR = "editors run or trust what it says"
_SHELL = "the shell runs it when the folder is entered"
_HOOK = "it is run by git hooks"
_PACKAGES = "package managers take commands, addresses and keys from it"
_PIPELINE = "the build service runs it with the project's secrets"
_INSTALLED = "editors and tools load what lies there without asking"
_AGENTS = "agents follow what it says"
_PYTHON = "Python runs it at every start"
_AMBIGUOUS = "another system reads \\ and : in a name as a way to another place"

_FOLDERS = {
    **dict.fromkeys((".git", ".hg", ".svn", ".bzr", ".jj", "_darcs", ".repo"), _VERSION_CONTROL),
    **dict.fromkeys(
        (".vscode", ".vscode-server", ".idea", ".fleet", ".zed", ".vs", ".settings", ".nvim", ".vim",
         ".sublime", ".theia", ".devcontainer", ".run"),
        _EDITOR,
    ),
    **dict.fromkeys((".direnv", ".mise", ".config"), _SHELL),
    **dict.fromkeys((".husky", ".githooks", ".lefthook"), _HOOK),
    **dict.fromkeys((".cargo", ".mvn", ".yarn", ".bundle", ".gradle"), _PACKAGES),
    **dict.fromkeys((".circleci", ".buildkite", ".woodpecker", ".gitea", ".forgejo"), _PIPELINE),
    **dict.fromkeys((".venv", "venv", "node_modules", ".tox", ".nox"), _INSTALLED),
    **dict.fromkeys(
        (".codelab", ".cursor", ".windsurf", ".claude", ".codex", ".gemini", ".aider", ".continue", ".roo"),
        _AGENTS,
    ),
}  # fmt: skip

_FILES = {
    **dict.fromkeys(
        (".gitmodules", ".gitattributes", ".gitconfig", ".hgrc", ".mailmap", "head", "commondir", "gitdir"),
        _VERSION_CONTROL,
    ),
    **dict.fromkeys(
        (".exrc", ".vimrc", ".nvimrc", ".gvimrc", ".nvim.lua", ".lvimrc", ".local.vimrc", ".dir-locals.el",
         ".dir-locals-2.el", ".emacs", ".editorconfig-hooks", ".sublime-project", ".projectile"),
        _EDITOR,
    ),
    **dict.fromkeys(
        (".envrc", ".env", ".autoenv", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout",
         ".bash_aliases", ".profile", ".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".kshrc",
         ".cshrc", ".tcshrc", ".login", ".logout", ".inputrc", ".tool-versions", "mise.toml", ".mise.toml",
         "mise.local.toml", ".rtx.toml", ".autorc"),
        _SHELL,
    ),
    **dict.fromkeys(
        (".pre-commit-config.yaml", ".pre-commit-config.yml", "lefthook.yml", "lefthook.yaml",
         ".lefthook.yml", ".lefthook.yaml", "lefthook-local.yml", ".overcommit.yml", ".huskyrc"),
        _HOOK,
    ),
    **dict.fromkeys(
        (".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", "pip.conf", "pip.ini", ".pypirc", ".netrc",
         ".gemrc", ".condarc", "nuget.config", ".curlrc", ".wgetrc"),
        _PACKAGES,
    ),
    **dict.fromkeys(
        (".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", "jenkinsfile",
         "appveyor.yml", ".drone.yml", ".cirrus.yml"),
        _PIPELINE,
    ),
    **dict.fromkeys(
        ("agents.md", "claude.md", "gemini.md", "copilot-instructions.md", ".cursorrules", ".windsurfrules",
         ".clinerules", "mcp.json", ".mcp.json"),
        _AGENTS,
    ),
    **dict.fromkeys(("sitecustomize.py", "usercustomize.py"), _PYTHON),
}  # fmt: skip

_ENDINGS = {
    ".code-workspace": _EDITOR,
    ".sublime-project": _EDITOR,
    ".iml": _EDITOR,
    ".git": _VERSION_CONTROL,
    ".pth": _PYTHON,
}

_PLACES = {
    "/.github/workflows/": _PIPELINE,
    "/.github/actions/": _PIPELINE,
    "/.github/dependabot.yml": _PIPELINE,
}

_SHORT_NAME = re.compile(
    r"\.?(git|hg|svn|vscode|idea|codelab|env|envrc|npmrc)~\d"
)  # of old Windows file systems


def is_protected(path: str) -> str | None:
    """Tell whether a file may not be changed as plain content, and why.

    Args:
        path: Relative to the workspace root, with forward slashes.

    Returns:
        The reason in words, or None.
    """
    parts = folded(path).split("/")
    name = parts[-1]
    for part in parts:
        if reason := _FOLDERS.get(part):
            return reason
        if _SHORT_NAME.match(part) or part.endswith(".git"):
            return _VERSION_CONTROL if "git" in part else _EDITOR
    if reason := _FILES.get(name):
        return reason
    if name.startswith(".env."):
        return _SHELL
    whole = f"/{'/'.join(parts)}/"
    by_ending = (reason for ending, reason in _ENDINGS.items() if name.endswith(ending))
    by_place = (reason for place, reason in _PLACES.items() if place in whole)
    by_mark = (_AMBIGUOUS for mark in "\\:" if mark in path)
    return next(chain(by_ending, by_place, by_mark), None)
