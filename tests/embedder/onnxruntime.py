#!/usr/bin/env python3
"""ONNX Runtime's library for the tests of the embedder, from PyPI.

    onnxruntime.py DIR     put the library into DIR, where it is kept; prints its path, or why it cannot be had

It comes in the wheel of the Python package, of which nothing else is taken; which Python is here does not matter.
"""

import platform
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

# The version for which the bindings (ort 2.0.0-rc.15, as fastembed pins it) were made: the oldest that they take.
VERSION = "1.24.4"
PYTHON = "312"
SECONDS = 180


def main(where: Path) -> int:
    if platform.system() != "Linux":
        print("this knows the wheels for Linux only")
        return 1
    library = where / f"libonnxruntime.so.{VERSION}"
    if library.exists():
        print(library.resolve())
        return 0
    where.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=where) as scratch:
        trouble = download(Path(scratch)) or unpack(Path(scratch), library)
    print(trouble or library.resolve())
    return 1 if trouble else 0


def download(scratch: Path) -> str | None:
    """The wheel; says what is wrong if it cannot be had. pip is of an environment of its own: not every Python has one."""
    python = scratch / "python" / "bin" / "python"
    target = ["--only-binary", ":all:", "--implementation", "cp", "--python-version", PYTHON]
    for glibc in ("manylinux_2_28", "manylinux_2_27"):
        target += ["--platform", f"{glibc}_{platform.machine()}"]
    steps = [
        ("an environment for pip cannot be made", [sys.executable, "-m", "venv", str(scratch / "python")]),
        ("pip could not download it",
         [str(python), "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check", "--no-deps",
          *target, "--dest", str(scratch), f"onnxruntime=={VERSION}"]),
    ]
    end = time.monotonic() + SECONDS
    for trouble, step in steps:
        try:
            ran = subprocess.run(step, capture_output=True, text=True, timeout=max(1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            return f"{trouble} within {SECONDS} s"
        if ran.returncode != 0:
            lines = (ran.stderr or ran.stdout).strip().splitlines() or ["no reason given"]
            wrong = [line for line in lines if line.startswith("ERROR")] or lines[-1:]
            return f"{trouble}: {wrong[0]}"
    return None


def unpack(scratch: Path, library: Path) -> str | None:
    """The library out of the wheel, whole or not at all."""
    for wheel in scratch.glob("onnxruntime-*.whl"):
        with zipfile.ZipFile(wheel) as files:
            for name in files.namelist():
                if Path(name).name.startswith("libonnxruntime.so"):
                    part = scratch / "library"
                    part.write_bytes(files.read(name))
                    part.rename(library)
                    return None
    return "there is no library in its wheel"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
