"""Serve a scenario file: ``python -m tests.support.model_server SCENARIO.toml --port-file FILE``."""

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from tests.support.model_server.files import ScenarioError, load_scenario
from tests.support.model_server.server import ScriptedModel


def main() -> int:
    """Serve until terminated; end with 1 after an unexpected request, 2 if the scenario is wrong."""
    parser = argparse.ArgumentParser(description="A scripted model behind the OpenAI chat API.")
    parser.add_argument("scenario", type=Path)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--port-file", type=Path, help="gets the port once the server listens")
    parser.add_argument("--log", type=Path, help="gets the bodies of all requests at the end, as JSON")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        rules = load_scenario(options.scenario)
    except (OSError, ScenarioError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    server = ScriptedModel(rules)
    try:
        server.start(options.port)
        if options.port_file:
            written = options.port_file.with_suffix(".new")
            written.write_text(str(server.port))
            os.replace(written, options.port_file)
    except (OSError, OverflowError) as error:
        sys.stderr.write(f"The server cannot start: {error}. Give another --port or --port-file.\n")
        return 2
    sys.stdout.write(f"{server.base_url}\n")
    sys.stdout.flush()
    ended.wait()
    server.stop()
    if options.log:
        options.log.write_text(json.dumps([request.body for request in server.requests], indent=1))
    for line in server.unexpected:
        sys.stderr.write(f"unexpected: {line}\n")
    return 1 if server.unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
