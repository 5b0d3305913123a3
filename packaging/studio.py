#!/usr/bin/env python3
"""Sets CIFAR Studio up where that is needed, then starts it. Standard library only.

Lives here: the environment `.venv` beside the project and what goes into it. Not here, and
imported only when needed: the system's libraries that Qt opens (`qt_libraries.py`), the test run
(`checks.py`) and the desktop's entries (`launchers.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

HELP = """\
CIFAR Studio: set-up and start.

  python3 packaging/studio.py                  open the window
  python3 packaging/studio.py test [ARGS]      run the checks and tests; ARGS go to pytest alone
  python3 packaging/studio.py test --all       the same with the long forms of some tests
  python3 packaging/studio.py install          add CIFAR Studio to the desktop's programs
  python3 packaging/studio.py uninstall        take it away again
  python3 packaging/studio.py WORD [ARGS]      anything else is the command line: train, runs, ...

The first call puts all that is needed into .venv beside the project; later calls start at once.
Options, before the first word only:
  --torch auto    PyTorch's small CPU build, or the CUDA build for an NVIDIA GPU (default)
  --torch cpu     always the CPU build
  --torch cuda    always the CUDA build
  --help          this text; the command line's own: python3 packaging/studio.py train --help
"""

ROOT = Path(__file__).resolve().parent.parent
PAIR = ("torch", "torchvision")
CPU_INDEX = ("--index-url", "https://download.pytorch.org/whl/cpu")
# Said only where a registry does not tell: measured with torch 2.15 on x86-64 Linux.
ESTIMATED_BYTES = {"cpu": 250_000_000, "cuda": 2_800_000_000}
# The archives while pip works, what comes out of them (twice their size) and some air.
DISK_BYTES_PER_DOWNLOADED_BYTE = 3.2
NO_NETWORK = re.compile(
    "NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|Connection"
    " refused|Network is unreachable|Temporary failure in name resolution|getaddrinfo failed"
)


class SetupError(Exception):
    """A fault with its remedy, in one line. `code` is the exit code: 2 is the caller's to mend."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class Package(NamedTuple):
    """One package that pip would install; `size_bytes` is None where nobody tells it."""

    name: str
    version: str
    size_bytes: int | None


class Environment(NamedTuple):
    """The virtual environment of the project in `root`, and the files that set-up keeps in it."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        windows = sys.platform == "win32"
        return self.folder / ("Scripts/python.exe" if windows else "bin/python")

    @property
    def stamp_file(self) -> Path:
        return self.folder / "studio-stamp.json"

    @property
    def lock_file(self) -> Path:
        return self.folder / "studio.lock"

    @property
    def log_file(self) -> Path:
        return self.folder / "studio-setup.log"

    @property
    def scratch(self) -> Path:
        """Temporary files of pip: inside, so that an interrupted set-up leaves none elsewhere."""
        return self.folder / "studio-tmp"

    def stamp(self) -> dict[str, Any]:
        """What the last complete set-up wrote; empty where there was none."""
        try:
            stamp = json.loads(self.stamp_file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def base_name(self) -> str:
        """The file name of the Python behind it, such as python3.11; empty where that is gone."""
        base = Path(os.path.realpath(self.python))
        return base.name if base.is_file() else ""


def say(text: str) -> None:
    """Prints to standard error: standard output belongs to the program that is started."""
    print(text, file=sys.stderr, flush=True)


# --- Is the environment ready? --------------------------------------------------------------------


def read_project(root: Path) -> dict[str, Any]:
    """The parts of `pyproject.toml` that decide what is installed."""
    import tomllib

    try:
        content = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SetupError(f"pyproject.toml is not readable ({error}): restore it.", 2) from None
    return {key: content[key] for key in ("project", "build-system") if key in content}


def fingerprint(project: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(project, sort_keys=True).encode()).hexdigest()


def what_is_due(environment: Environment, extras: Sequence[str], torch: str | None) -> str:
    """The work ahead: "nothing", "update", "switch" (to another torch) or "build" (from nothing).

    Without a stamp the environment is missing or was left half-way, and half an environment is
    not worth mending: pip takes a package whose files are missing for an installed one.
    """
    stamp = environment.stamp()
    moved = stamp.get("folder") != str(environment.folder)
    if moved or not stamp.get("base") or stamp["base"] != environment.base_name():
        return "build"
    if torch is not None and stamp["torch"] != choose_torch(torch):
        return "switch"
    current = stamp["project"] == fingerprint(read_project(environment.root))
    return "nothing" if current and set(extras) <= set(stamp["extras"]) else "update"


def prepare(
    environment: Environment,
    extras: Sequence[str] = (),
    torch: str | None = None,
    install: Callable[..., dict[str, Any]] | None = None,
) -> None:
    """Makes the environment ready; returns at once where it is. `install` is for the tests.

    Safe to interrupt at any moment and to call twice at once: one call works, the others wait,
    and only a complete set-up leaves a stamp.
    """
    if what_is_due(environment, extras, torch) == "nothing":
        return
    with locked(environment) as lock:
        due = what_is_due(environment, extras, torch)
        if due == "nothing":
            return  # the call that this one waited for did it
        started = time.monotonic()
        stamp = (install or install_all)(Installer(environment, lock), due, extras, torch)
        shutil.rmtree(environment.scratch, ignore_errors=True)
        temporary = environment.stamp_file.with_suffix(".part")
        temporary.write_text(json.dumps(stamp, indent=1), "utf-8")
        temporary.replace(environment.stamp_file)
        say(f"Ready after {time.monotonic() - started:.0f} s.")


@contextmanager
def locked(environment: Environment) -> Iterator[int]:
    """Holds the environment's lock and yields its file descriptor.

    The lock file is also the sign that set-up made this folder. Child processes inherit the lock
    (not on Windows), so that a pip which outlives a killed set-up still keeps others out.
    """
    folder = environment.folder
    try:
        folder.mkdir(exist_ok=True)
        if any(folder.iterdir()) and not environment.lock_file.exists():
            raise SetupError(f"{folder} is not of this set-up's making: move it away.", 2)
        file = environment.lock_file.open("a+b")
    except OSError as error:
        raise SetupError(f"{folder} cannot be written ({error}): mend its rights.", 2) from None
    with file:
        if not take_lock(file.fileno()):
            say("Another set-up is at work here: waiting for it to end.")
            while not take_lock(file.fileno()):
                time.sleep(0.2)
        yield file.fileno()


def take_lock(descriptor: int) -> bool:
    """Takes the lock if it is free; closing the file gives it back."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


# --- What is installed ----------------------------------------------------------------------------


def install_all(
    installer: Installer, due: str, extras: Sequence[str], torch: str | None
) -> dict[str, Any]:
    """Brings the environment up to `pyproject.toml`; returns the stamp's content."""
    environment = installer.environment
    old = environment.stamp()
    project = read_project(environment.root)
    extras = sorted({*extras, *old.get("extras", ())})
    kind = choose_torch(torch or old.get("torch") or "auto")
    wanted = list(project["project"]["dependencies"])
    for extra in extras:
        wanted += project["project"]["optional-dependencies"][extra]
    pair = [text for text in wanted if re.split(r"[^\w.-]", text)[0] in PAIR]

    if due == "switch" and wants_cpu_index(kind) and installer.plan_cpu(pair) is None:
        say("PyTorch's CPU index does not answer: keeping the build that is here.")
        kind, due = old["torch"], "update"
        if what_is_due(environment, extras, None) == "nothing":
            return old
    if due == "update":
        say(f"Bringing {environment.folder} up to date.")
    else:
        make_venv(installer)
    # From 24.1 on pip plans without downloading and tells its progress.
    installer.pip("install", "--quiet", "pip>=24.1")
    if due != "update" or not installer.has(pair):
        kind = install_pair(installer, pair, kind)
    installer.fetch(installer.plan(wanted), kind)
    kind = verify_pair(installer, pair, kind)
    installer.pip("install", "--quiet", "--no-deps", "--editable", str(environment.root))
    return {
        "folder": str(environment.folder),
        "base": environment.base_name(),
        "project": fingerprint(project),
        "extras": extras,
        "torch": kind,
    }


def make_venv(installer: Installer) -> None:
    """Empties the folder but for the lock and makes a fresh environment in it."""
    from importlib.util import find_spec

    if find_spec("venv") is None or find_spec("ensurepip") is None:
        fault = f"{sys.executable} cannot make environments: its venv or ensurepip is missing"
        raise SetupError(f"{fault}; on Debian and Ubuntu run: apt-get install python3-venv", 2)
    environment = installer.environment
    version = ".".join(map(str, sys.version_info[:3]))
    say(f"Setting CIFAR Studio up in {environment.folder} (Python {version}), once.")
    environment.stamp_file.unlink(missing_ok=True)
    for entry in environment.folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry != environment.lock_file:
            entry.unlink()
    installer.call([sys.executable, "-m", "venv", str(environment.folder)])


def choose_torch(choice: str) -> str:
    """The build that is meant by `choice`: "cpu" or "cuda"."""
    if choice != "auto":
        return choice
    return "cuda" if has_nvidia_gpu() else "cpu"


def has_nvidia_gpu() -> bool:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return any(Path("/proc/driver/nvidia/gpus").glob("*"))
    try:
        listing = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "GPU" in listing


def wants_cpu_index(kind: str) -> bool:
    """Only on Linux is the registry's own build not the CPU's."""
    return sys.platform == "linux" and kind == "cpu"


def install_pair(installer: Installer, pair: list[str], kind: str) -> str:
    """Installs torch and torchvision where they do not come from the default registry.

    Both always come from one index: builds from two do not fit each other. Returns the kind that
    the environment ends with. The registry has the CUDA build for Linux, the CPU build for
    Windows, and for macOS there is but one.
    """
    if wants_cpu_index(kind):
        packages = installer.plan_cpu(pair)
        if packages is None:
            say("  PyTorch's CPU index does not answer: taking the registry's larger build")
            return "cuda"
        installer.fetch(packages, kind, *CPU_INDEX)
    elif sys.platform == "win32" and kind == "cuda":
        uv = str(installer.environment.folder / "Scripts" / "uv.exe")
        target = ["--python", str(installer.environment.python), "--torch-backend=auto"]
        try:
            installer.pip("install", "--quiet", "uv")
            say("  about 3 GB to fetch: torch and torchvision for the GPU")
            installer.call([uv, "pip", "install", *target, *pair])
        except SetupError as error:
            say(f"  no CUDA build to be had, taking the registry's for the CPU ({error})")
            return "cpu"
    return kind


def verify_pair(installer: Installer, pair: list[str], kind: str) -> str:
    """Makes sure that torch and torchvision work together, if need be by reinstalling both.

    Returns the kind that the environment ends with: the registry's, if they were reinstalled.
    """
    trial = (
        "import torch, torchvision; torchvision.ops.nms(torch.zeros(1, 4), torch.ones(1), 0.5);"
        "print(torch.__version__, 'and torchvision', torchvision.__version__)"
    )
    fault = ""
    for again in (True, False):
        command = [str(installer.environment.python), "-c", trial]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            say(f"  torch {done.stdout.strip()} work together")
            return kind
        fault = (done.stderr.strip().splitlines() or ["no message"])[-1]
        if again:
            say(f"  torch and torchvision do not fit ({fault}): reinstalling both")
            installer.pip("uninstall", "--quiet", "--yes", *PAIR)
            kind = "cuda" if sys.platform == "linux" else "cpu"
            installer.fetch(installer.plan(pair, alone=True), kind, alone=True)
    folder = installer.environment.folder
    remedy = f"delete {folder} and call again with another --torch"
    raise SetupError(f"torch and torchvision do not work here ({fault}): {remedy}.")


# --- How it is installed --------------------------------------------------------------------------


class Installer:
    """Runs pip in the environment; what it runs inherits the lock and is logged."""

    def __init__(self, environment: Environment, lock: int) -> None:
        self.environment = environment
        self.lock = lock

    def plan(self, wanted: list[str], *options: str, alone: bool = False) -> list[Package]:
        """What pip would install for the requirements; installs nothing.

        `alone`: from one index only, without other places that the person's pip knows.
        """
        from concurrent.futures import ThreadPoolExecutor

        report = self.environment.scratch / "plan.json"
        command = ["install", "--dry-run", "--quiet", "--report", str(report), *options, *wanted]
        try:
            # Reads the requirements out of a remote archive without fetching all of it.
            self.pip(*command, "--use-feature=fast-deps", alone=alone)
        except SetupError as error:
            if "fast-deps" not in str(error):
                raise
            self.pip(*command, alone=alone)
        items = json.loads(report.read_text("utf-8"))["install"]
        with ThreadPoolExecutor(16) as pool:
            sizes = list(pool.map(size_bytes, [item["download_info"]["url"] for item in items]))
        names = [(item["metadata"]["name"], item["metadata"]["version"]) for item in items]
        return [Package(*name, size) for name, size in zip(names, sizes, strict=True)]

    def has(self, wanted: list[str]) -> bool:
        """Whether all of it is installed, which is told without a network."""
        try:
            return not self.plan(wanted, "--no-index", alone=True)
        except SetupError:
            return False

    def plan_cpu(self, pair: list[str]) -> list[Package] | None:
        """The CPU pair from PyTorch's own index; None where that index does not answer soon."""
        impatient = ("--timeout", "5", "--retries", "0", "--ignore-installed")
        try:
            return self.plan(pair, *CPU_INDEX, *impatient, alone=True)
        except SetupError:
            return None

    def fetch(self, packages: list[Package], kind: str, *index: str, alone: bool = False) -> None:
        """Says what comes and how much, checks the disk, and installs exactly these packages."""
        if not packages:
            return
        total_bytes = sum(package.size_bytes or 0 for package in packages)
        unsure = any(package.size_bytes is None for package in packages)
        if unsure and any(package.name == "torch" for package in packages):
            total_bytes = max(total_bytes, ESTIMATED_BYTES[kind])
        packages = sorted(packages, key=lambda package: -(package.size_bytes or 0))
        names = ", ".join(f"{package.name} {package.version}" for package in packages[:4])
        more = f" and {len(packages) - 4} more" if len(packages) > 4 else ""
        say(f"  {'about ' if unsure else ''}{megabytes(total_bytes)} to fetch: {names}{more}")
        check_disk(self.environment.folder, total_bytes)
        started = time.monotonic()
        # The stamp goes first: what follows is not whole until it is written again.
        self.environment.stamp_file.unlink(missing_ok=True)
        pins = [f"{package.name}=={package.version}" for package in packages]
        # A long download meets more hiccups than a question to the index does.
        command = ["install", "--no-deps", "--retries", "5", "--progress-bar", "raw"]
        command += [*index, *pins]
        self.pip(*command, alone=alone or bool(index), progress=Progress(total_bytes))
        say(f"  installed in {time.monotonic() - started:.0f} s")

    def pip(self, *arguments: str, alone: bool = False, progress: Progress | None = None) -> None:
        """Calls pip; raises SetupError with one line where it fails."""
        command = [str(self.environment.python), "-m", "pip", *arguments]
        self.call(command, alone, progress)

    def call(
        self, command: list[str], alone: bool = False, progress: Progress | None = None
    ) -> None:
        """Calls a program quietly; raises SetupError with one line where it fails."""
        lines: list[str] = []
        settings = self.settings(alone)
        with self.environment.log_file.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n")
            with subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                env=settings,
                pass_fds=() if sys.platform == "win32" else (self.lock,),
            ) as child:
                try:
                    for line in child.stdout or ():
                        if progress is None or not progress.feed(line):
                            log.write(line)
                            lines.append(line)
                except BaseException:
                    child.terminate()
                    raise
                finally:
                    if progress is not None:
                        progress.clear()
        if child.returncode:
            raise SetupError(f"{explain(''.join(lines))} Details: {self.environment.log_file}")

    def settings(self, alone: bool) -> dict[str, str]:
        """The environment variables for what is called."""
        scratch = self.environment.scratch
        nowhere = scratch / "nowhere"
        nowhere.mkdir(parents=True, exist_ok=True)
        settings = dict(os.environ, PYTHONUNBUFFERED="1", PYTHONIOENCODING="utf-8")
        settings |= {"PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        settings["PIP_RETRIES"] = "1"  # without a network the word should come soon
        settings |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
        if alone:
            # An empty value would leave the configuration file in force: name an empty place.
            settings |= {"PIP_FIND_LINKS": str(nowhere), "PIP_EXTRA_INDEX_URL": nowhere.as_uri()}
        return settings


class Progress:
    """One line on a terminal that says how far pip is; nothing elsewhere."""

    def __init__(self, total_bytes: int) -> None:
        self.total_bytes = total_bytes
        self.done_bytes = 0
        self.shown = sys.stderr.isatty()

    def feed(self, line: str) -> bool:
        """Takes a line of pip's output; True where it was progress alone."""
        count = re.match(r"Progress (\d+) of (\d+)", line)
        if count:
            self.show(f"fetching: {megabytes(self.done_bytes + int(count[1]))}")
            if int(count[1]) >= int(count[2]):
                self.done_bytes += int(count[2])
        elif line.startswith("Installing collected packages"):
            self.show("unpacking")
        return bool(count)

    def show(self, text: str) -> None:
        if self.shown:
            end = f" of {megabytes(self.total_bytes)}"
            print(f"\r\033[K  {text}{end}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self.shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def explain(output: str) -> str:
    """One line, fault and remedy, for what pip printed."""
    if NO_NETWORK.search(output):
        return "No package registry answers: connect to the network, then call again."
    if "No space left on device" in output:
        return "The disk is full: free some space, then call again."
    errors = [line for line in output.splitlines() if line.lower().startswith("error")]
    fault = (errors or output.strip().splitlines() or ["no message"])[-1]
    return f"Installing failed ({fault.strip()}): call again, or with another Python."


def size_bytes(address: str) -> int | None:
    """The size of the file at an address; None where it cannot be told."""
    from urllib.parse import urlsplit
    from urllib.request import Request, url2pathname, urlopen

    try:
        if address.startswith("file:"):
            return Path(url2pathname(urlsplit(address).path)).stat().st_size
        with urlopen(Request(address, method="HEAD"), timeout=8) as answer:
            return int(answer.headers["Content-Length"])
    except (OSError, TypeError, ValueError):
        return None


def megabytes(size: float) -> str:
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{max(size / 1e6, 1):.0f} MB"


def check_disk(folder: Path, download_bytes: int) -> None:
    """Raises SetupError where the disk would fill up."""
    needed, free = download_bytes * DISK_BYTES_PER_DOWNLOADED_BYTE, shutil.disk_usage(folder).free
    if needed > free:
        fault = f"{megabytes(needed)} are needed beside {folder}, {megabytes(free)} are free"
        raise SetupError(f"The disk is too full: {fault}; make room, then call again.")


# --- The command line -----------------------------------------------------------------------------


def split_arguments(arguments: Sequence[str]) -> tuple[str | None, bool, list[str]]:
    """Set-up's own options, which end at the first word: torch's choice, help asked, the rest."""
    rest = list(arguments)
    torch: str | None = None
    asked = False
    while rest and rest[0].startswith("-"):
        option, equals, value = rest.pop(0).partition("=")
        if option in ("-h", "--help"):
            asked = True
        elif option == "--torch":
            torch = value if equals else "".join(rest[:1])
            rest = rest if equals else rest[1:]
            if torch not in ("auto", "cpu", "cuda"):
                raise SetupError(f"--torch is auto, cpu or cuda, not {torch!r}.", 2)
        else:
            raise SetupError(f"Set-up has no option {option}: see --help.", 2)
    return torch, asked, rest


def start(environment: Environment, words: list[str]) -> int:
    """Becomes the studio; on Windows, which cannot, waits for it."""
    python = environment.python
    if sys.platform != "win32":
        os.execv(python, [str(python), "-m", "cifar_studio", *words])
    # Started without a console, as from the desktop, it must not open one.
    if Path(sys.executable).stem.lower() == "pythonw":
        python = python.with_name("pythonw.exe")
    return subprocess.call([python, "-m", "cifar_studio", *words])


def run(arguments: Sequence[str]) -> int:
    """Does what the arguments ask for; returns the exit code."""
    torch, asked, words = split_arguments(arguments)
    if asked:
        print(HELP, end="")
        return 0
    environment = Environment(ROOT)
    first = words[0] if words else ""
    if first == "uninstall":
        import launchers

        return launchers.uninstall(say)
    if first in ("", "test"):
        import qt_libraries

        fault = (
            qt_libraries.provide_for_tests(say) if first else qt_libraries.provide_for_window(say)
        )
        if fault:
            raise SetupError(fault, 2)
    prepare(environment, ("test",) if first == "test" else (), torch)
    if first == "test":
        import checks

        return checks.run(environment.python, ROOT, words[1:])
    if first == "install":
        import launchers

        return launchers.install(ROOT, say)
    return start(environment, words)


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python can read this file
        say("CIFAR Studio needs Python 3.11 or later; this is " + sys.version.split()[0] + ".")
        return 2
    try:
        return run(sys.argv[1:])
    except SetupError as error:
        say(str(error))
        return error.code
    except OSError as error:
        say(f"Set-up cannot go on ({error}): mend that, then call again.")
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted: the next call finishes the work.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
