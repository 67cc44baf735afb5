"""A tool call as policy sees it: plain data, put together before anything is done."""

from dataclasses import dataclass

from codelab.policy.taint import UNTAINTED, Taint
from codelab.policy.types import Mode, Risk, Touch

UNSANDBOXED = "unsandboxed"  # the environment of a command that nothing confines


@dataclass(frozen=True, slots=True)
class StandingRule:
    """A yes that the person gave for calls to come: one exact command or its literal beginning, or files.

    Whoever passes it in has seen to it that it belongs to this workspace and has not expired.

    Attributes:
        id: Names it.
        tool: The tool of the calls.
        client: The client in which it was given; calls of others are asked.
        argv: The command, or the beginning of one.
        exact: Whether ``argv`` is the whole command.
        paths: Files, or folders that end in ``/``, that may be written.
        agent: The agent whose calls it is about; any if empty.
        environment: The sandbox in which commands must run; any that confines if empty.
    """

    id: str
    tool: str
    client: str
    argv: tuple[str, ...] = ()
    exact: bool = True
    paths: tuple[str, ...] = ()
    agent: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True)
class PolicyCall:
    """All that policy decides on.

    Attributes:
        tool: The tool's name.
        risk: The risk that the tool declares.
        touches: Every file that the call reads or writes, and the folder in which it runs a program.
        argv: The command that it runs, where that is known; empty before the tool has said it.
        hosts: Hosts of the network that it wants to reach.
        imports: Packages that its change imports or installs and that were not there before.
        agent: The agent that calls.
        session: The session that it calls in.
        client: What the client of the face calls itself.
        mode: How the person lets the session's changes be approved.
        taint: What the session has read.
        environment: The kind of sandbox in which its command runs, ``unsandboxed``, or empty for no command.
        standing_rules: What the person said yes to beforehand.
        requested: The tools that the person's own words asked for, of those that need them.
    """

    tool: str
    risk: Risk
    touches: tuple[Touch, ...] = ()
    argv: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    agent: str = ""
    session: str = ""
    client: str = ""
    mode: Mode = Mode.ASK
    taint: Taint = UNTAINTED
    environment: str = ""
    standing_rules: tuple[StandingRule, ...] = ()
    requested: frozenset[str] = frozenset()
