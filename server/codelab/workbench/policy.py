"""What a face may ask about policy."""

from codelab.agents.explaining import explain_call
from codelab.agents.services import Services
from codelab.policy.explain import Explanation, Supposed


class PolicyQuestions:
    """Answers about policy; nothing of it does anything.

    Args:
        services: The parts below.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def explain(self, tool: str, arguments: str, supposed: Supposed) -> Explanation:
        """Return what policy would say about a tool call, and what would change it.

        Args:
            tool: The tool.
            arguments: Its arguments as JSON.
            supposed: Who would call, and where.

        Raises:
            InputError: There is no such tool, or these are no arguments of it.
        """
        return await explain_call(self._services, tool, arguments, supposed)
