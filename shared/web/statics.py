"""Style sheet, scripts and icons, by names that change with their content, so that browsers may keep them for ever."""

from functools import cache
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@cache
def address(name: str) -> str:
    """The address of a file: `/static/waypost.1a2b3c4d5e6f.css` for `waypost.css`. Raises FileNotFoundError."""
    path = FOLDER / name
    return f"/static/{path.stem}.{sha256(path.read_bytes()).hexdigest()[:12]}{path.suffix}"


@cache
def files() -> dict[str, tuple[bytes, str]]:
    """Every file by its address: its content and its type."""
    kept = [path for path in FOLDER.iterdir() if path.suffix in TYPES]
    return {address(path.name): (path.read_bytes(), TYPES[path.suffix]) for path in kept}
