"""The safety programme: every defence tried in the volume that docs/safety.md promises.

    .venv/bin/python -m tests.programme            # all of it, which takes about an hour
    .venv/bin/python -m tests.programme framing    # some areas

A test belongs to an area by ``@pytest.mark.programme("framing")`` and asks the fixture ``volume`` how much
it is to try: little in the ordinary suite, all of it here. What ran and what failed is read from pytest's
report; an area of which less ran than is wanted is not shown, whatever passed.
"""
