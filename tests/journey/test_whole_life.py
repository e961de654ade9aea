"""Lives of families at random through the whole default system, from outside: see `tests.support.lives`."""

from pathlib import Path

import pytest

from tests.support import lives

pytestmark = pytest.mark.timeout(600)
"""A failure waits for what does not come, which takes longer than to pass."""


def test_families_live_as_their_stories_say(places: Path, tmp_path: Path) -> None:
    with lives.started(tmp_path, places) as witness:
        lives.live(witness, examples=3, steps=12)
