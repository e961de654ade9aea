"""The environment of the peers: made on first use in build/peers, with exactly what bench/peers/requirements.lock names.

Nothing of it is a dependency of Waypost. To renew it: `uv pip compile --universal --generate-hashes --no-header
--python-version 3.11 --output-file bench/peers/requirements.lock bench/peers/requirements.in`.
"""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.machine import ROOT
from tests.support.process import Process

LOCK = ROOT / "bench" / "peers" / "requirements.lock"
FOLDER = ROOT / "build" / "peers"


def python() -> Path:
    """Their interpreter. Installs what is locked unless just that is installed already."""
    program, installed = FOLDER / "bin" / "python", FOLDER / "installed.lock"
    if installed.exists() and installed.read_bytes() == LOCK.read_bytes():
        return program
    print("Installing the peers (a minute the first time)", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", FOLDER], check=True)
    quietly = ["--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run([program, "-m", "pip", "install", *quietly, "--require-hashes", "-r", LOCK], check=True)
    shutil.copyfile(LOCK, installed)
    return program


def peer(log: Path, environment: Mapping[str, str], *module: str) -> Process:
    """A process of `python -m <module>` in their environment, not yet started."""
    return Process([python(), "-m", *module], log=log, env=environment, cwd=ROOT)


def versions(*names: str) -> str:
    """What is locked of these, to be shown beside figures: `fastapi 0.1, flask 3.1`."""
    locked = dict(line.split(" ")[0].split("==") for line in LOCK.read_text().splitlines() if "==" in line)
    return ", ".join(f"{name} {locked[name]}" for name in names)
