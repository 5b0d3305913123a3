"""The composition root: arguments decide between the window and the command line."""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    """`cifar-studio` without words opens the window; with words it is the command line."""
    # Imports take seconds, and whoever interrupts them wants no traceback. A training puts its own
    # handler in this one's place, and so does the window.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _end_at_once)
    if len(sys.argv) == 1:
        from cifar_studio.ui.app import run_window

        sys.exit(run_window([]))
    from cifar_studio.cli.app import run_command_line

    run_command_line()


def _end_at_once(number: int, _: object) -> None:
    os._exit(128 + number)


if __name__ == "__main__":
    main()
