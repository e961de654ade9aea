"""Files that hold a secret: written whole or not at all, readable by their owner alone."""

import os
from pathlib import Path


def write_secret(path: Path, text: str) -> None:
    """Puts the text in the place of what was there, once it is safely on disk."""
    half = path.with_name(path.name + ".new")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
