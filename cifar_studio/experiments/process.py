"""The dispatcher's own process: `python -m cifar_studio.experiments.process`.

Reads requests as JSON lines on standard input, writes envelopes of events on standard output, as a
worker does. When standard input closes, the asking process is gone: every training saves at its
next batch and the process ends, unless it was told to let go. SIGTERM ends it in any case.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import functools
import io
import os
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import msgspec

from cifar_studio import paths
from cifar_studio.experiments.dispatch import Dispatch
from cifar_studio.experiments.local_pool import slots_for
from cifar_studio.experiments.protocol import dispatch_line, dispatch_request_decoder


def main() -> None:
    """Entry of the process."""
    parser = argparse.ArgumentParser(description="Runs experiments; started by CIFAR Studio.")
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--devices", default="", help="one slot for each, with commas")
    parser.add_argument("--runs", default="", help="where single runs are made")
    arguments = parser.parse_args()
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    devices = [device for device in arguments.devices.split(",") if device]
    # Whatever else prints goes to standard error.
    events = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    dispatch = Dispatch(
        slots_for(arguments.slots, devices),
        experiments=paths.experiments_folder(),
        runs=Path(arguments.runs) if arguments.runs else paths.runs_folder(),
        stays=True,
        when_alone=functools.partial(_hang_up, events),
        old_queue_file=paths.queue_file(),
    )
    signal.signal(signal.SIGTERM, lambda *_: dispatch.stop())
    stream = io.FileIO(sys.stdin.fileno(), closefd=False)
    # A daemon: it sits in a blocking read that nothing but the other side can end.
    threading.Thread(target=_read, args=(stream, dispatch), name="requests", daemon=True).start()
    for envelope in dispatch:
        if not events.closed:
            try:
                events.write(dispatch_line(envelope))
                events.flush()
            except (OSError, ValueError):
                dispatch.leave()
    _hang_up(events)


def _hang_up(events: BinaryIO) -> None:
    with contextlib.suppress(OSError, ValueError):  # what nobody reads any more is still in it
        events.close()


def _read(stream: io.RawIOBase, dispatch: Dispatch) -> None:
    try:
        for line in stream:
            with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                dispatch.ask(dispatch_request_decoder.decode(line))
    except (OSError, ValueError):
        pass  # closed under its hands
    finally:
        dispatch.leave()  # whatever has ended it: nobody is heard any more


if __name__ == "__main__":
    main()
