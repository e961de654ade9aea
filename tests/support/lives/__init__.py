"""Families' lives at random, through the whole of Waypost from outside: people do what people do, and time goes on.

with started(folder, places) as witness:
    live(witness, examples=5, steps=20)     raises AssertionError with what was seen that must not be

One system serves all examples; each has families of its own. What everybody sees is held against a story: after each change;
and of what was refused, before the example ends. `story` and `where` are the model; `witness` asks, `seen` and `surroundings`
compare; `people`, `referrers`, `agencies` and `life` are what is done.
"""

from tests.support.lives.life import live
from tests.support.lives.started import started

__all__ = ["live", "started"]
