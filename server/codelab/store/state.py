"""The two precious databases: a workspace's and the person's."""

from codelab.store.database import Database


class StateDb(Database):
    """``state.db``: sessions, runs and all that belongs to them, one per workspace."""

    migrations = "migrations"


class UserDb(Database):
    """``user.db``: what belongs to the person and to no workspace."""

    migrations = "user_migrations"
