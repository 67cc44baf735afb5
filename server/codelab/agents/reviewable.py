"""What of a command's changes can be put before a person, and what stays as it is."""

from dataclasses import replace

from codelab.agents.permission import policy_call
from codelab.agents.run import ActiveRun
from codelab.core.errors import CodeLabError
from codelab.policy.decide import decide
from codelab.policy.hard_rules import NEVER_KEPT
from codelab.policy.types import Access, Outcome, Risk, Touch
from codelab.sandbox.difference import ChangedFile, Difference
from codelab.tools.contract import FileChange, ToolError
from codelab.workspace.files import decode


def reviewable(
    run: ActiveRun, tool: str, difference: Difference, *, asked: frozenset[str] = frozenset()
) -> tuple[list[FileChange], list[tuple[str, str]]]:
    """Return the changes that can be put before a person, and what is left as it is, each with the reason.

    Args:
        run: The run.
        tool: The tool whose command it was.
        difference: What the command has changed.
        asked: Rules whose files are asked for and not left, as they are for an edit.
    """
    changes: list[FileChange] = []
    left = list(difference.left)
    buffers = run.services.overlay.buffers()
    for file in difference.files:
        wanted = policy_call(run, tool, Risk.MEDIUM, [Touch(file.path, Access.WRITE)])
        decision = decide(wanted, run.services.rules)
        if decision.outcome is Outcome.DENY or decision.rule in NEVER_KEPT - asked:
            left.append((file.path, decision.why))
            continue
        try:
            change = _change(file)
            if file.path in buffers and (viewed := run.services.view.read(file.path)).unsaved:
                if viewed.data != file.before:
                    raise ToolError("An editor has unsaved text of it that the command has not seen")
                change = replace(change, unsaved_in=viewed.face)
        except CodeLabError as error:
            left.append((file.path, error.what))
        else:
            changes.append(change)
    return changes, left


def _change(file: ChangedFile) -> FileChange:
    before_text = decode(file.path, file.before).text if file.before is not None else ""
    after_text = decode(file.path, file.after).text if file.after is not None else ""
    return FileChange(file.path, file.before, file.after, before_text, after_text, executable=file.executable)
