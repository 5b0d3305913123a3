"""A process of the studio's own that reads requests as lines and answers with lines.

Workers and dispatchers are such processes. Their modules are named and not imported, so that
nothing here leads to torch or Optuna.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from cifar_studio.errors import WorkerError

STDERR_TAIL_BYTES = 8000


class ChildProcess:
    """Starts `python -m MODULE` at once, in a session of its own.

    Parameters
    ----------
    title : str
        What the process is, for messages: "the worker process".
    environment : mapping
        Variables on top of this process's own.

    Raises
    ------
    WorkerError
        The process cannot be started.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        title: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.was_killed = False
        self._send_lock = threading.Lock()
        self._stderr: IO[bytes] | None = None
        try:
            self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                # Ctrl-C in a terminal goes to a whole process group. The process learns of the end
                # from its standard input and saves; a signal would cut it short.
                start_new_session=os.name == "posix",
                env=os.environ | environment if environment else None,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            if self._stderr is not None:
                self._stderr.close()
            raise WorkerError(
                f"{title} cannot be started ({error.strerror})",
                "Close other programs and try again",
            ) from error
        if os.name == "posix":
            threading.Thread(target=self._end_group, name=f"end of {title}", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """What the process ended with; None while it runs."""
        return self._process.poll()

    @property
    def is_reaped(self) -> bool:
        """Whether `reap` was called: everything was said."""
        assert self._process.stdout is not None
        return self._process.stdout.closed

    def write_line(self, line: bytes) -> None:
        """Send a line; nothing happens where the process is gone, `lines` tells of that."""
        assert self._process.stdin is not None
        with self._send_lock, contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def lines(self) -> Iterator[bytes]:
        """Everything the process says, until it ends."""
        assert self._process.stdout is not None
        # `yield from` would close the file with this generator.
        for line in self._process.stdout:  # noqa: UP028
            yield line

    def reap(self) -> tuple[int, str]:
        """Wait for the end, after the last line; the exit code, and the last words."""
        assert self._process.stdout is not None
        code = self._process.wait()
        words = self._read_stderr_tail()
        self._process.stdout.close()
        self.close()
        return code, words

    def close(self) -> None:
        """Close the process's standard input: it saves at the next moment and ends by itself."""
        assert self._process.stdin is not None
        with self._send_lock, contextlib.suppress(OSError):
            self._process.stdin.close()

    def kill(self) -> None:
        """End the process and its children at once. For one that does not answer."""
        self.was_killed = True
        if self._process.poll() is None:
            _kill_group(self._process)

    def _end_group(self) -> None:
        """Wait for the process's end, and see to it that its children end with it.

        Until they do they may hold its standard output open, and who reads that would wait on.
        """
        if hasattr(os, "waitid"):
            with contextlib.suppress(ChildProcessError):
                # It is not reaped here: its number is still its group's and nobody else's.
                os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        else:  # macOS before Python 3.13
            self._process.wait()
        _kill_group(self._process)

    def _read_stderr_tail(self) -> str:
        assert self._stderr is not None
        end = self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, end - STDERR_TAIL_BYTES))
        with self._stderr as file:
            return file.read().decode(errors="replace").strip()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a worker that leads a session of its own, and what it started."""
    if os.name != "posix":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def describe_exit(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
