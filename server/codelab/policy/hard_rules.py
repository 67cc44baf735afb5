"""The rules that nothing lowers: no file, no mode, no standing rule, no yes given beforehand."""

from codelab.policy.call import UNSANDBOXED, PolicyCall
from codelab.policy.requested import REQUESTED
from codelab.policy.types import Access, Outcome, PolicyDecision, Risk
from codelab.policy.wants import Want
from codelab.workspace.folding import folded
from codelab.workspace.protected import is_protected
from codelab.workspace.secrets import is_secret

HARD_RULES = {
    "secrets": "files that hold secrets are neither read nor written",
    "own-folders": "CodeLab's own folders, with your policy in one of them, are neither read nor written",
    "never-written": "files of git and of CodeLab in the workspace are not written",
    "unrequested": "nothing is pushed, pulled or merged where the person's own words did not ask for it",
    "network": "no host is reached that no rule names, but to push or pull",
    "egress": "nothing is reached once a session has read both untrusted text and private data",
    "requested": "every push, pull and merge is asked, whatever was allowed beforehand",
    "protected": "what an editor, a shell, git or a package manager executes is asked, present or not",
    "weak-sandbox": "a command without a sandbox, or in one without namespaces, is asked",
    "taint": "nothing is approved by itself once a session has read untrusted text",
}
"""What each of them says, in the order in which they are asked."""

NEVER_KEPT = frozenset({"secrets", "own-folders", "never-written", "protected"})
"""The rules whose files a command leaves as they were: its changes of them are not even asked."""

_NEVER_WRITTEN = (".git", ".codelab")  # git's own files; CodeLab's own policy and configuration
_WEAK = {
    UNSANDBOXED: "it runs without a sandbox and can do whatever you can",
    "landlock": "the sandbox here has no namespaces, so that every command is asked",
}


def forbidden(want: Want, own: tuple[str, ...]) -> PolicyDecision | None:
    """Return the denial of a want that is never allowed, or None.

    Args:
        want: What is wanted.
        own: Folders of CodeLab's own in the workspace.
    """
    path = want.path
    if path is None:
        return None
    if is_secret(path):
        return _denied("secrets", f"{path} holds secrets, which no agent reads or writes")
    if own and want.access is not Access.EXECUTE:
        plain = f"{folded(path)}/"
        if "." in own or any(plain.startswith(f"{folded(folder)}/") for folder in own):
            return _denied("own-folders", f"{path} belongs to CodeLab itself")
    if want.access is Access.WRITE and any(part in _NEVER_WRITTEN for part in folded(path).split("/")):
        return _denied("never-written", f"{path} belongs to git or to CodeLab itself")
    return None


def unrequested(call: PolicyCall) -> PolicyDecision | None:
    """Return the denial of a call that only the person's own words unlock, where they did not, or None."""
    word = REQUESTED.get(call.tool)
    if word is None or call.tool in call.requested:
        return None
    return _denied("unrequested", f"{call.tool} needs the word `{word}` in what the person themselves typed")


def always_asked(want: Want, call: PolicyCall) -> PolicyDecision | None:
    """Return the question that a want is always put as, or None."""
    if want.access is Access.WRITE and want.path is not None and (reason := is_protected(want.path)):
        return PolicyDecision(Outcome.ASK, Risk.CRITICAL, "protected", f"{want.path}: {reason}")
    weak = want.access is Access.EXECUTE or (call.argv and call.environment == UNSANDBOXED)
    if weak and (reason := _WEAK.get(call.environment)):
        return PolicyDecision(Outcome.ASK, Risk.CRITICAL, "weak-sandbox", reason)
    if call.tool in REQUESTED and (want.host is not None or want.access in (Access.WRITE, Access.EXECUTE)):
        why = f"every {REQUESTED[call.tool]} is put before you"
        return PolicyDecision(Outcome.ASK, Risk.CRITICAL, "requested", why)
    return None


def _denied(rule: str, why: str) -> PolicyDecision:
    return PolicyDecision(Outcome.DENY, Risk.CRITICAL, rule, why)
