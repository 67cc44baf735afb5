"""The policy of a workspace, for commands that need no workbench."""

from pathlib import Path

from codelab.config.places import find_places
from codelab.policy.load import LoadedPolicy, load_policy
from codelab.store import trust
from codelab.store.state import UserDb


async def policy_of(root: Path) -> LoadedPolicy:
    """Return the policy files that hold for a workspace.

    Args:
        root: The workspace, resolved.

    Raises:
        StateError: It cannot be found out whether the person trusts the workspace.
    """
    places = find_places()
    async with await UserDb.open(places.user_db) as user, user.read() as rx:
        trusted = await trust.is_trusted(rx, root)
    return load_policy(places, root, trusted=trusted)
