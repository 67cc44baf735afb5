"""A scripted model behind the OpenAI chat API, over a real socket on loopback.

    with scripted_model([When("hello").say("hi")]) as server:
        ...  # point a client at server.base_url; see what it sent in server.requests

A scenario is a list of rules. The first rule that matches a request and is not used up answers it with its
steps in order. A request that no rule matches, or that a real server would refuse, gets status 400 and fails
the ``with`` block at its end. The same scenario can be a TOML or JSON file, see ``load_scenario``;
``python -m tests.support.model_server FILE`` serves one to programs of any language. The manual is
docs/scripted-model.md.
"""

from tests.support.model_server.files import ScenarioError, load_scenario
from tests.support.model_server.scenario import When
from tests.support.model_server.server import Received, ScriptedModel, scripted_model

__all__ = ["Received", "ScenarioError", "ScriptedModel", "When", "load_scenario", "scripted_model"]
