"""``textDocument/codeAction``: what CodeLab offers for a place; at once, since no workbench is needed."""

from typing import Any

from lsprotocol import types

from codelab.core.positions import LineSpan
from codelab.lsp.comments import CommentRequest, find_request
from codelab.lsp.face import LspFace
from codelab.lsp.mirror import MirroredDocument

EXPLAIN, DO = "Explain with CodeLab", "Do what this comment asks"


async def code_action(
    face: LspFace, params: types.CodeActionParams
) -> list[types.CodeAction | types.Command] | None:
    """Return the actions for a selection or the cursor's line."""
    document = face.mirror.open_document(params.text_document.uri)
    path = face.path_of(params.text_document.uri)
    if document is None or path is None:
        return None
    lines = document.lines
    actions: list[types.CodeAction] = []
    if wanted(params.context, types.CodeActionKind.QuickFix) and (
        request := find_request(lines, params.range.start.line, _last_line(params.range))
    ):
        actions.append(_do_action(path, request, params.context))
    if wanted(params.context, types.CodeActionKind.Empty) and (
        explain := _explain_action(document, path, lines, params)
    ):
        actions.append(explain)
    if not face.abilities.action_literals:
        return [action.command for action in actions if action.command]
    if face.abilities.lazy_command:
        for action in actions:
            action.data, action.command = command_data(action.command), None
    return list(actions)


def wanted(context: types.CodeActionContext, kind: str) -> bool:
    """Tell whether the client asks for a kind of action; kinds are hierarchical, and empty means all."""
    if not context.only:
        return True
    names = [str(getattr(only, "value", only)) for only in context.only]
    name = str(getattr(kind, "value", kind))
    return any(only in ("", name) or name.startswith(f"{only}.") for only in names)


def command_data(command: types.Command | None) -> dict[str, Any]:
    """Return a command as the data of an action that is resolved later."""
    return {} if command is None else {"command": command.command, "arguments": list(command.arguments or ())}


def _last_line(span: types.Range) -> int:
    """Return the last line of a selection; one that ends at the beginning of a line does not include it."""
    ends_before = span.end.character == 0 and span.end.line > span.start.line
    return span.end.line - 1 if ends_before else span.end.line


def _do_action(path: str, request: CommentRequest, context: types.CodeActionContext) -> types.CodeAction:
    span = LineSpan(path, request.start_line + 1, request.end_line + 1)
    task = f"{request.task}\n\nA comment at {span} asks this. If you change code, remove that comment, too."
    arguments = {**_place(span, context), "task": task, "title": request.task, "wait": False, "typed": False}
    command = types.Command(title=DO, command="codelab.run", arguments=[arguments])
    return types.CodeAction(title=DO, kind=types.CodeActionKind.QuickFix, command=command)


def _explain_action(
    document: MirroredDocument, path: str, lines: list[str], params: types.CodeActionParams
) -> types.CodeAction | None:
    automatic = params.context.trigger_kind == types.CodeActionTriggerKind.Automatic
    start, end = params.range.start.line, min(_last_line(params.range), len(lines) - 1)
    first = next((line.strip() for line in lines[start : end + 1] if line.strip()), "")
    if not first or (automatic and params.range.start == params.range.end):
        return None  # nothing to explain, or the cursor only passes by
    span = LineSpan(path, start + 1, end + 1)
    arguments = {
        **_place(span, params.context),
        "question": f"Explain {span}, which begins with `{first[:200]}`.",
        "title": f"Explain {span}",
        "wait": False,
    }
    command = types.Command(title=EXPLAIN, command="codelab.chat", arguments=[arguments])
    return types.CodeAction(title=EXPLAIN, kind=types.CodeActionKind.Empty, command=command)


def _place(span: LineSpan, context: types.CodeActionContext) -> dict[str, Any]:
    return {
        "path": span.path,
        "start_line": span.start_line,
        "end_line": span.end_line,
        "diagnostics": [diagnostic.message for diagnostic in context.diagnostics],
    }
