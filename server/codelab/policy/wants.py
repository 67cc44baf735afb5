"""A call taken apart: each file, command, host and package that it wants is decided by itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from codelab.policy.call import PolicyCall
from codelab.policy.types import Access


@dataclass(frozen=True, slots=True)
class Want:
    """One thing that a call wants.

    Attributes:
        access: Read, write or run; None for a host or a package.
        path: The file, or the folder of a command; None where no single file is read.
        host: The host, or None.
        package: The package, or None.
    """

    access: Access | None = None
    path: str | None = None
    host: str | None = None
    package: str | None = None

    @property
    def shown(self) -> str:
        """What is wanted, for a person."""
        return self.host or self.package or self.path or "the workspace"


def wants_of(call: PolicyCall) -> Iterator[Want]:
    """Yield what a call wants; one that touches nothing reads what the index knows."""
    for touch in call.touches:
        yield Want(access=touch.access, path=touch.path)
    if not call.touches:
        yield Want(access=Access.READ)
    for host in call.hosts:
        yield Want(host=host)
    for package in call.imports:
        yield Want(package=package)
