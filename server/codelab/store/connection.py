"""The connection that the functions of this package take; what is above it need not know the driver."""

from aiosqlite import Connection

__all__ = ["Connection"]
