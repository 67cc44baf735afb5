"""``python -m codelab_models.host``: started by ``codelab_models.start``, never by hand."""

import argparse
import asyncio
import logging
import logging.handlers
import os
from pathlib import Path

import uvicorn
from filelock import FileLock, Timeout

from codelab.core.logs import RedactingFormatter
from codelab_models.accounts.ledger import Ledger
from codelab_models.host.activity import Activity
from codelab_models.host.answers_kept import AnswersKept
from codelab_models.host.app import HostApp
from codelab_models.host.asking import Means
from codelab_models.host.breaker import Breakers
from codelab_models.host.listening import Listening, listening
from codelab_models.host.local.backend import LocalBackend
from codelab_models.host.person import model_settings
from codelab_models.host.providers_backend import ProvidersBackend
from codelab_models.host.providers_library import ProvidersLibrary
from codelab_models.host.routing import Backends
from codelab_models.rendezvous import Rendezvous, rendezvous_in
from codelab_models.versions import own_version

LOCK_SECONDS = 10.0  # a host that is ending still holds it for a moment
LOG_BYTES = 500_000
RETIRED_SECONDS = 1.0
"""A host that was replaced ends after so long without a request: whoever has connected already is served."""

GOODBYE_SECONDS = 3

log = logging.getLogger("codelab.host")


def main() -> int:
    """Serve until nobody has asked for long enough."""
    parser = argparse.ArgumentParser(prog="codelab_models.host")
    parser.add_argument("--folder", type=Path, required=True, help="its folder, the person's own")
    parser.add_argument("--data", type=Path, required=True, help="where the accounts are kept")
    parser.add_argument(
        "--idle-minutes", type=float, required=True, help="it ends after so long without a request"
    )
    parser.add_argument("--config", type=Path, required=True, help="the person's settings")
    parser.add_argument("--models", type=Path, required=True, help="where CodeLab keeps GGUF files")
    parser.add_argument("--loopback", action="store_true", help="listen on 127.0.0.1 with a token")
    options = parser.parse_args()
    if os.name != "nt":
        os.umask(0o077)
    place = rendezvous_in(options.folder)
    lock = FileLock(place.lock, mode=0o600)
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        return 0  # there is one already
    try:
        with listening(place, loopback=options.loopback) as listener:
            _write_log_to(place)
            asyncio.run(_serve(listener, lock, place, options))
    finally:
        lock.release()
    return 0


async def _serve(listener: Listening, lock: FileLock, place: Rendezvous, options: argparse.Namespace) -> None:
    library, activity = ProvidersLibrary(), Activity(options.idle_minutes * 60)
    ledger, kept = Ledger(options.data / "models.db"), AnswersKept(place.answers)
    local = LocalBackend(lambda: model_settings(options.config), options.models)
    means = Means(library, Backends(ProvidersBackend(library), local), ledger, Breakers(), kept)

    def retire() -> None:
        log.info("retired, a newer CodeLab starts a host of its own")
        listener.leave()
        lock.release()
        activity.end_within(RETIRED_SECONDS)

    app = HostApp(means, activity, own_version(), retire, listener.token)
    config = uvicorn.Config(
        app,
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
    )
    server = uvicorn.Server(config)

    async def end_when_idle() -> None:
        await activity.idle()
        log.info("idle")
        server.should_exit = True

    log.info("started, process %d, version %s", os.getpid(), own_version())
    ending = asyncio.create_task(end_when_idle())
    library.begin()
    try:
        await server.serve(sockets=[listener.socket])
    finally:
        ending.cancel()
        await local.close()
        ledger.close()
        kept.close()
        log.info("ended")


def _write_log_to(place: Rendezvous) -> None:
    """Log to a file of ours and nowhere else: what libraries print may hold anything."""
    handler = logging.handlers.RotatingFileHandler(
        place.log, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8"
    )
    handler.setFormatter(RedactingFormatter("%(asctime)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    logging.getLogger().addHandler(logging.NullHandler())
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    os._exit(code)  # what litellm still does in threads is nobody's any more
