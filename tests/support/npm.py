"""What tests run on Node: a client as an agency would write it, and the checks of pages. Locked, and fetched once.

`package.json` and `package-lock.json` beside this module say what; the packages lie in a folder that git ignores. As with
the servers, a test that needs them and cannot have them fails and says what to install.
"""

import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

from tests.support.programs import NotInstalled

CACHE = Path(__file__).parents[2] / "build" / "npm"
MANIFEST, LOCK = (Path(__file__).with_name(name) for name in ("package.json", "package-lock.json"))


def program(name: str, package: str) -> str:
    """The path of a program on PATH; raises NotInstalled, which names Debian's package."""
    found = shutil.which(name)
    if found is None:
        raise NotInstalled(f"This test needs `{name}`. Install it with: sudo apt-get install {package}")
    return found


def node_modules() -> Path:
    """The folder `node_modules` that holds the locked packages; another lock has another folder."""
    folder = CACHE / sha256(LOCK.read_bytes()).hexdigest()[:16]
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        # Whole or not at all, also when two processes of a test run ask at the same time.
        with tempfile.TemporaryDirectory(dir=CACHE, ignore_cleanup_errors=True) as half:
            (made := Path(half) / "made").mkdir()
            for file in (MANIFEST, LOCK):
                shutil.copy(file, made)
            done = subprocess.run(
                [program("npm", "npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", made],
                capture_output=True,
                text=True,
                timeout=100,
                stdin=subprocess.DEVNULL,
            )
            assert done.returncode == 0, f"npm could not install the tests' packages: {done.stderr or done.stdout}"
            try:
                made.rename(folder)
            except OSError:
                assert folder.exists(), f"{folder} cannot be made"
    return folder / "node_modules"
