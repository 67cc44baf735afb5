"""What beyond its grade differs from model to model in how tools are offered."""

from dataclasses import dataclass

from codelab_models.registry.profile import Notation


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model is told of tools.

    Attributes:
        notation: How a model that writes calls as text writes them best.
        worked: Such a model is shown a step with its result; those that reason by themselves need none.
        reason_first: A model with native calls is made to fill in a form about the situation and the next
            step before each answer (schema-guided reasoning), which costs a request more.
    """

    notation: Notation = "tags"
    worked: bool = False
    reason_first: bool = False


PLAIN = Manner()
