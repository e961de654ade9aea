"""Finds the programs of RabbitMQ and PostgreSQL that tests start private copies of.

A test that needs one which is not installed fails and says what to install. It is never skipped: a suite that passes
because it did not look proves nothing.
"""

import shutil
from pathlib import Path


class NotInstalled(Exception):
    """Says which Debian package to install; there is nothing else to do about it."""


def find(program: str, package: str, patterns: list[str]) -> Path:
    """The full path of `program`: the newest that matches one of `patterns` (globs of folders under /), else PATH's."""
    for pattern in patterns:
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if (folder / program).exists():
                return folder / program
    if found := shutil.which(program):
        return Path(found)
    raise NotInstalled(
        f"This test needs {package}: `{program}` is neither in {' nor in '.join(patterns)} nor on PATH. "
        f"`make test` installs it as root; otherwise: sudo apt-get install {package}"
    )
