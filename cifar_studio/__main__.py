"""The composition root: arguments decide between the window and the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """`cifar-studio` without words opens the window; with words it is the command line."""
    if len(sys.argv) == 1:
        from cifar_studio.ui.app import run_window

        sys.exit(run_window([]))
    from cifar_studio.cli import run_command_line

    run_command_line()


if __name__ == "__main__":
    main()
