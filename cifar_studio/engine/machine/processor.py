"""The names of this computer's processor and operating system, for a person to read."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path


def processor_name() -> str:
    """Such as "AMD EPYC 9554"; the machine's kind where no name can be found."""
    try:
        name = _NAMES.get(sys.platform, str)()
    except (OSError, subprocess.SubprocessError):
        name = ""
    return " ".join(name.split()) or platform.processor() or platform.machine() or "unknown"


def operating_system() -> str:
    """Such as "Debian GNU/Linux 12 (bookworm), kernel 6.1"."""
    if sys.platform == "linux":
        try:
            title = platform.freedesktop_os_release()["PRETTY_NAME"]
        except (OSError, KeyError):
            title = "Linux"
        return f"{title}, kernel {platform.release()}"
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}, {platform.machine()}"
    return platform.platform()


def _linux_name() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() in ("model name", "hardware"):  # the second on some ARM boards
            return value
    return ""


def _macos_name() -> str:
    command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
    return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout


def _windows_name() -> str:
    if sys.platform != "win32":
        return ""
    import winreg

    path = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
        return str(winreg.QueryValueEx(key, "ProcessorNameString")[0])


_NAMES = {"linux": _linux_name, "darwin": _macos_name, "win32": _windows_name}
