"""Agent templates."""

import pytest

from codelab.agents.templates import load_template, parse_template
from codelab.core.errors import InputError, NotFound

GOOD = '+++\nname = "x"\ndescription = "d"\nrole = "code"\ntools = ["read_file"]\n+++\nDo it.\n'


@pytest.mark.req("AGENT-1", "AGENT-9")
@pytest.mark.parametrize(("name", "writes"), [("ask", False), ("coder", True)])
def test_the_shipped_agents_have_the_tools_of_their_trade(name: str, writes: bool) -> None:
    template = load_template(name)
    assert template.name == name
    assert ("edit_file" in template.tools) is writes
    assert template.instructions


@pytest.mark.req("AGENT-9")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Do it.", "has no head"),
        (GOOD.replace('name = "x"\n', ""), "name"),
        (GOOD.replace('"x"', '"x'), "TOML"),
        (GOOD.replace("read_file", "rm_rf"), "rm_rf"),
        (GOOD.replace('"code"', '"wizardry"'), "role 'wizardry'.*planning, code, fast"),
    ],
)
def test_a_template_that_is_wrong_says_where(text: str, told: str) -> None:
    assert parse_template(GOOD, "x.md").instructions == "Do it."
    with pytest.raises(InputError, match=told):
        parse_template(text, "x.md")


@pytest.mark.req("AGENT-9")
def test_an_agent_that_does_not_exist_is_named() -> None:
    with pytest.raises(NotFound, match="wizard"):
        load_template("wizard")
