"""Set CodeLab up in ``.venv`` and ask it a question about its own code.

    python3 scripts/try.py ["question"]

What it keeps (the index of this checkout, the session) goes into ``.venv`` too, so that deleting the
checkout leaves nothing behind; set CODELAB_HOME to keep it elsewhere.
"""

import subprocess
import sys

import environment

QUESTION = "How is the index worker elected?"


def main() -> int:
    """Set up, ask, and return the exit status of the answer."""
    environment.run_under_new_enough_python()
    environment.prepare("base")
    question = " ".join(sys.argv[1:]).strip() or QUESTION
    variables = environment.command_environment()
    variables.setdefault("CODELAB_HOME", str(environment.ENVIRONMENT / "codelab-home"))
    environment.say(f'\n$ codelab ask "{question}"')
    codelab = str(environment.BIN / "codelab")
    command = [codelab, "ask", "--root", str(environment.ROOT), "--", question]
    return subprocess.call(command, env=variables, cwd=str(environment.ROOT))


if __name__ == "__main__":
    sys.exit(main())
