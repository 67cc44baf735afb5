"""Keeping the backups of the day while a face is in use."""

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path

from codelab.store import sqlite
from codelab.store.backups import back_up_daily

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 3600.0


async def keep_backups(*databases: Path) -> None:
    """See to it that each database has a backup of the day, now and every hour; ends when it is cancelled."""
    while True:
        for path in databases:
            try:
                await asyncio.to_thread(back_up_daily, path, datetime.now(UTC))
            except (sqlite.Error, OSError) as error:  # nothing that works on waits for a backup
                _log.warning("no backup of %s could be made: %s", path, error)
        await asyncio.sleep(_LOOK_SECONDS)
