"""Lives of families at random through the whole default system, from outside: see `tests.support.lives`."""

from pathlib import Path

from tests.support import lives


def test_families_live_as_their_stories_say(places: Path, tmp_path: Path) -> None:
    with lives.started(tmp_path, places) as witness:
        lives.live(witness, examples=3, steps=14)
