"""Which model a role uses, and the sentences that say why."""

import pytest

from codelab_models.registry.profile import Profile
from codelab_models.registry.select import CHAT_ROLES, Candidate, Role, Task, select

pytestmark = pytest.mark.req("MODEL-1")

SMALL = Profile(code=True, context=8_192, billions=3)
CODER = Profile(code=True, context=32_768, billions=14)
THINKER = Profile(reasoning=True, context=131_072, billions=27)
EMBEDDER = Profile(chat=False, embedding=True, context=512)


def named(model: str, origin: str, profile: Profile = CODER, unreachable: str = "") -> Candidate:
    return Candidate(model, profile, origin, unreachable=unreachable)


def found(model: str, profile: Profile, *, file_bytes: int = 0, unreachable: str = "") -> Candidate:
    return Candidate(model, profile, "Ollama", named=False, file_bytes=file_bytes, unreachable=unreachable)


def test_planning_and_code_may_use_different_models() -> None:
    planning = [named("thinker", "models.planning", THINKER), named("coder", "models.chat")]
    assert select(Task(Role.PLANNING), planning).model == "thinker"
    assert select(Task(Role.CODE), planning[1:]).model == "coder"


def test_a_choice_explains_each_step() -> None:
    down = named("ollama/a", "models.code", unreachable="nothing answers at http://127.0.0.1:11434")
    chosen = select(Task(Role.CODE), [down, named("b", "models.chat")])
    assert chosen.steps == (
        "models.code names ollama/a, but nothing answers at http://127.0.0.1:11434.",
        "models.chat names b, as nothing else is set for code: native tool calls, code, "
        "32,768 tokens of context.",
    )


def test_what_is_named_for_a_role_needs_no_reason() -> None:
    chosen = select(Task(Role.CODE), [named("a", "models.code"), named("b", "models.chat")])
    assert chosen.steps == ("models.code names a: native tool calls, code, 32,768 tokens of context.",)
    assert [other.model for other in chosen.others] == ["b"]


@pytest.mark.parametrize(
    ("tokens", "model"), [(0, "small"), (6_000, "small"), (7_000, "coder"), (90_000, "big")]
)
def test_a_task_goes_to_a_model_whose_context_it_fits(tokens: int, model: str) -> None:
    candidates = [
        named("small", "models.fast", SMALL),
        named("coder", "models.chat"),
        named("big", "models.planning", THINKER),
    ]
    assert select(Task(Role.FAST, tokens), candidates).model == model


def test_images_go_to_a_model_that_takes_them() -> None:
    seeing = Profile(vision=True)
    candidates = [named("blind", "models.chat"), named("seeing", "models.planning", seeing)]
    assert select(Task(Role.CODE, vision=True), candidates).model == "seeing"
    assert select(Task(Role.CODE), candidates).model == "blind"


def test_the_only_model_that_is_named_is_asked_against_all_reasons() -> None:
    chosen = select(Task(Role.CODE, 100_000), [named("a", "models.chat")])
    assert chosen.model == "a"
    assert "about 100,000 tokens and an answer do not fit into its context of 32,768" in chosen.steps[0]
    assert chosen.steps[1] == "a is asked all the same: there is no other."


def test_a_found_model_whose_context_is_too_short_is_asked_where_there_is_no_other() -> None:
    candidates = [
        found("small", SMALL),
        found("coder", CODER),
        found("down", THINKER, unreachable="it sleeps"),
    ]
    chosen = select(Task(Role.CODE, 200_000), candidates)
    assert (chosen.model, [other.model for other in chosen.others]) == ("coder", ["small"])
    assert chosen.steps[-1] == "coder is asked all the same: there is no other."


def test_an_unknown_context_is_no_reason_against_a_model() -> None:
    assert select(Task(Role.CODE, 100_000), [named("a", "models.chat", Profile())]).model == "a"


def test_what_is_named_goes_before_what_is_found() -> None:
    candidates = [found("huge", THINKER), named("a", "models.chat", SMALL)]
    chosen = select(Task(Role.PLANNING), candidates)
    assert chosen.model == "a"
    assert [other.model for other in chosen.others] == ["huge"]


@pytest.mark.parametrize(
    ("role", "model"),
    [(Role.PLANNING, "thinker"), (Role.CODE, "coder"), (Role.FAST, "small"), (Role.EMBEDDING, "embedder")],
)
def test_of_what_is_found_each_role_takes_what_it_needs(role: Role, model: str) -> None:
    pool = {
        "small": SMALL,
        "coder": CODER,
        "thinker": THINKER,
        "embedder": EMBEDDER,
        "tiny": Profile(billions=0.3),
    }
    candidates = [found(name, profile) for name, profile in pool.items()]
    for order in (candidates, candidates[::-1]):
        chosen = select(Task(role), order)
        assert chosen.model == model
    expected = "the only one that was found" if role is Role.EMBEDDING else f"the best for {role} of 4"
    assert expected in chosen.steps[-1]


def test_the_size_of_a_file_is_told() -> None:
    chosen = select(Task(Role.PLANNING), [found("big", THINKER, file_bytes=17 * 10**9)])
    assert chosen.steps[-1].endswith("131,072 tokens of context, a file of 17.0 GB.")


def test_what_is_found_and_unreachable_is_never_chosen() -> None:
    chosen = select(Task(Role.CODE), [found("a", CODER, unreachable="it does not answer")])
    assert chosen.candidate is None
    assert chosen.steps[-1] == "No model is named or found for code."


@pytest.mark.parametrize("role", CHAT_ROLES)
def test_an_embedder_answers_no_chat(role: Role) -> None:
    assert select(Task(role), [found("e", EMBEDDER)]).candidate is None
    candidates = [named("e", "models.chat", EMBEDDER), named("a", "models.planning")]
    assert select(Task(role), candidates).model == "a"


def test_a_model_named_for_embedding_embeds_whatever_is_known_of_it() -> None:
    assert select(Task(Role.EMBEDDING), [named("mine", "models.embedding", Profile())]).model == "mine"
    assert select(Task(Role.EMBEDDING), [found("chatty", CODER)]).candidate is None


def test_an_endpoint_may_choose_the_model_itself() -> None:
    chosen = select(Task(Role.CODE), [named("", "models.endpoint", Profile())])
    assert chosen.candidate is not None
    assert chosen.model == ""
    assert "models.endpoint names the first model that it lists" in chosen.steps[0]
