"""A request in the words of the OpenAI chat API."""

from typing import Any

from codelab_models.wire import ChatRequest, Message


def request_body(request: ChatRequest, model: str, *, usage: bool = True) -> dict[str, Any]:
    """Return the JSON body of a streamed chat completion.

    Args:
        request: What is asked.
        model: The model asked, if the request names none.
        usage: Ask for token counts; some servers refuse the field.
    """
    body: dict[str, Any] = {
        "model": request.model or model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
    }
    if usage:
        body["stream_options"] = {"include_usage": True}
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in request.tools
        ]
    if request.forced:
        body["tool_choice"] = {"type": "function", "function": {"name": request.forced}}
    if request.response_schema is not None:
        schema = {"name": "answer", "schema": request.response_schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if request.max_tokens is not None:
        body["max_tokens"] = request.max_tokens
    if request.temperature is not None:
        body["temperature"] = request.temperature
    return body


def _message(message: Message) -> dict[str, Any]:
    data: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.calls:
        data["content"] = message.content or None
        data["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.calls
        ]
    if message.role == "tool":
        data["tool_call_id"] = message.call_id
    return data
