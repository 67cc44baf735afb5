"""What something executes or trusts is protected, in every spelling."""

import pytest

from codelab.workspace.protected import is_protected

PROTECTED = """
.git/config .git/hooks/pre-commit vendor/lib/.git/hooks/post-checkout .git sub/.git bare.git/hooks/update
nested/HEAD .gitmodules .gitattributes .vscode/settings.json .vscode/tasks.json .idea/workspace.xml
.devcontainer/devcontainer.json .envrc sub/.envrc .env .env.local .bashrc .zshenv .tool-versions mise.toml
.npmrc .yarnrc.yml .pnpmfile.cjs .cargo/config.toml .husky/pre-commit .pre-commit-config.yaml lefthook.yml
.github/workflows/ci.yml .gitlab-ci.yml .codelab/config.toml .codelab/agents/mine.md mcp.json .mcp.json
.cursor/mcp.json AGENTS.md CLAUDE.md sub/agents.md .exrc .nvim.lua .dir-locals.el project.code-workspace
sitecustomize.py evil.pth .venv/bin/python node_modules/typescript/lib/tsserver.js
""".split()  # noqa: SIM905 - a list of names is read, not counted

SPELLINGS = [
    ".GIT/hooks/pre-commit",
    ".Git/config",
    ".g\u200cit/config",  # invisible characters that some file systems ignore
    ".vscode\u200b/tasks.json",
    "\uff0egit/config",  # compatibility forms
    ".git./config",  # endings that Windows drops
    ".git /config",
    ".git::$INDEX_ALLOCATION/config",
    "GIT~1/hooks/pre-commit",
    ".ENVRC",
    "Agents.MD",
    "..\\outside\\main.py",  # a way out, where the same checkout is opened on Windows
    "C:main.py",
]

PLAIN = """
src/main.py README.md docs/git.md .gitignore .editorconfig package.json pyproject.toml Makefile
src/hooks/useThing.ts .github/ISSUE_TEMPLATE.md .github/CODEOWNERS headers.py git.py environment.py
src/vscode/extension.ts tests/test_agents.py config.toml settings.json idea/notes.md
""".split()  # noqa: SIM905 - a list of names is read, not counted


@pytest.mark.req("SAFE-5", "SAFE-4")
@pytest.mark.parametrize("path", PROTECTED)
def test_what_something_executes_or_trusts_is_protected_wherever_it_lies(path: str) -> None:
    assert is_protected(path)


@pytest.mark.req("SAFE-5")
@pytest.mark.parametrize("path", SPELLINGS)
def test_another_spelling_of_a_protected_name_is_protected(path: str) -> None:
    assert is_protected(path)


@pytest.mark.req("SAFE-5")
@pytest.mark.parametrize("path", PLAIN)
def test_plain_files_of_a_project_are_not_protected(path: str) -> None:
    assert is_protected(path) is None
