"""The seam between the index and whatever turns texts into vectors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Embedder(Protocol):
    """Something that turns texts into vectors, so that texts about the same thing lie near each other.

    It may be slow and may fail; whoever needs an answer in time bounds it from outside.
    """

    @property
    def recipe(self) -> str:
        """Changes whenever its vectors would: name, revision, dimensions, what text it is given."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of its vectors."""
        ...

    @property
    def takes_words(self) -> bool:
        """Whether texts are given to it as words, split and stemmed as the index splits them.

        Words are in lower case with one space between them, those of the definition's name first. What is
        not given as words is given as it stands in the file, with the definition's qualified name before it.
        """
        ...

    def embed_passages(self, texts: "Sequence[str]") -> "NDArray[np.float32]":
        """Return the vectors of passages of code or documents.

        Args:
            texts: Any number; the embedder divides them as it needs to.

        Returns:
            An array of shape (number of texts, ``dimensions``) whose rows have length 1, or 0 where nothing
            of a text is known to the embedder.

        Raises:
            ModelError: It cannot be reached, refuses, or its answer makes no sense.
        """
        ...

    def embed_queries(self, texts: "Sequence[str]") -> "NDArray[np.float32]":
        """Return the vectors of queries: as ``embed_passages``, for what is looked for."""
        ...
