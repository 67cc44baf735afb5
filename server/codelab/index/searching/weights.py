"""How much each kind of evidence counts when passages are put in order.

Plain numbers, set by hand: ``scripts/fit_ranking.py`` fits them, and finds none that are better on
repositories that it has not seen (docs/search.md has the figures).

Evidence from words is a share of what a passage with all words of the query, each a few times, would get, so
that about 1 is a good match whatever the query.
"""

from typing import NamedTuple


class Weights(NamedTuple):
    """What the kinds of evidence are multiplied by.

    Attributes:
        words: The passage's own words and those of its symbol.
        near: The other good passages of its file.
        file_name: The words of its file's name.
        folder: The words of the folders it is in.
        outline: The names that its file defines at the top level.
        named: It defines the name that is all of the query.
        mentioned: It defines a name within a longer query.
        word: It defines a plain word of the query.
        called: The name of its symbol is made of words of the query.
        meaning: The nearness of its meaning to the query's, where there are vectors.
        alike: The same of the other passages of its file that are nearest.
        again: For each better passage of the same file, what is left of what speaks for the file as a whole.
        again_asked: The same where the query is a question: several files may make its answer.
        test: The rest is what is left of the score of passages in tests,
        generated: in generated files,
        vendored: in copies of others' code,
        example: in examples, documentation and what is kept for compatibility,
        prose: in documents and data,
        surface: in files that only hand on what others define,
        superseded: in an older version that lies beside a newer one,
        private: in folders and files marked as internal,
        hidden: in hidden folders.
    """

    words: float = 1.0
    near: float = 0.7
    file_name: float = 2.0
    folder: float = 1.0
    outline: float = 1.0
    named: float = 1.0
    mentioned: float = 1.0
    word: float = 0.3
    called: float = 1.0
    meaning: float = 0.8
    alike: float = 1.5
    again: float = 0.6
    again_asked: float = 0.15
    test: float = 0.5
    generated: float = 0.5
    vendored: float = 0.6
    example: float = 0.7
    prose: float = 0.65
    surface: float = 0.8
    superseded: float = 0.6
    private: float = 0.75
    hidden: float = 0.75


WEIGHTS = Weights()
