"""Packages from npm for tests that run what agencies would write for Node; fetched once, into a folder that git ignores.

As with the servers, a test that needs them and cannot have them fails and says what to install.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.programs import NotInstalled

CACHE = Path(__file__).parents[2] / "build" / "npm"


def program(name: str, package: str) -> str:
    """The path of a program on PATH; raises NotInstalled, which names Debian's package."""
    found = shutil.which(name)
    if found is None:
        raise NotInstalled(f"This test needs `{name}`. Install it with: sudo apt-get install {package}")
    return found


def node_modules(package: str, version: str) -> Path:
    """A folder `node_modules` that holds this package."""
    folder = CACHE / f"{package}-{version}"
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        # Whole or not at all, also when two processes of a test run ask at the same time.
        with tempfile.TemporaryDirectory(dir=CACHE, ignore_cleanup_errors=True) as half:
            command = [
                program("npm", "npm"),
                "install",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--prefix",
                half,
            ]
            done = subprocess.run(
                [*command, f"{package}@{version}"],
                capture_output=True,
                text=True,
                timeout=100,
                stdin=subprocess.DEVNULL,
            )
            assert done.returncode == 0, f"npm could not install {package}: {done.stderr or done.stdout}"
            (made := Path(half) / "made").mkdir()
            (Path(half) / "node_modules").rename(made / "node_modules")
            try:
                made.rename(folder)
            except OSError:
                assert folder.exists(), f"{folder} cannot be made"
    return folder / "node_modules"
