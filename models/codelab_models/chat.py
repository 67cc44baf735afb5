"""The seam between the agents and whatever answers: one method."""

from collections.abc import AsyncGenerator
from typing import Protocol

from codelab_models.wire import ChatRequest, Part


class ChatModel(Protocol):
    """Something that answers chat requests."""

    def stream(self, request: ChatRequest) -> AsyncGenerator[Part, None]:
        """Answer a request.

        Closing the iterator, or cancelling the task that reads it, stops the model.

        Args:
            request: The conversation and the tools.

        Yields:
            How far a slow model has read, pieces of text as they arrive, then exactly one ``Completion``.

        Raises:
            NoModel: None is configured or the one named is unknown.
            ModelError: It could not be reached, refused, broke off, or made no sense.
        """
        ...
