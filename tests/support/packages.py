"""What agencies install for their own clients, fetched by name from npm and PyPI once, into a folder that git ignores.

As with the servers, a test that needs it and cannot have it fails and says what to install.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.programs import NotInstalled

CACHE = Path(__file__).parents[2] / "build" / "packages"


def program(name: str, package: str) -> str:
    """The path of a program on PATH; raises NotInstalled, which names Debian's package."""
    found = shutil.which(name)
    if found is None:
        raise NotInstalled(f"This test needs `{name}`. Install it with: sudo apt-get install {package}")
    return found


def node_modules(package: str, version: str) -> Path:
    """A folder `node_modules` that holds this package of npm."""
    command = [program("npm", "npm"), "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]
    return _fetched(f"npm-{package}-{version}", command, f"{package}@{version}") / "node_modules"


def site_packages(package: str, version: str) -> Path:
    """A folder for PYTHONPATH that holds this package of PyPI, and none that it would bring along."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps", "--target"]
    return _fetched(f"pypi-{package}-{version}", command, f"{package}=={version}")


def _fetched(name: str, command: list[str], package: str) -> Path:
    folder = CACHE / name
    if not folder.exists():
        half = CACHE / f"{name}.part"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        done = subprocess.run(
            [*command, half, package], capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, f"{package} could not be fetched: {done.stderr or done.stdout}"
        half.rename(folder)
    return folder
