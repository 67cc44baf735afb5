"""Small pieces of the sentences that a person reads."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 file``, ``1,204 files``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def cause_of(error: BaseException) -> str:
    """Return why something failed: of an error of the system its words, without its number and the path."""
    said = error.strerror if isinstance(error, OSError) else None
    return said or str(error) or type(error).__name__
