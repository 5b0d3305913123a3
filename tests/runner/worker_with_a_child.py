"""A worker one of whose libraries has started a process of its own."""

from __future__ import annotations

import subprocess
import sys

from cifar_studio.runner.worker import worker

if __name__ == "__main__":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(f"child {child.pid}", file=sys.stderr, flush=True)
    worker.main()
