"""Random bytes in pieces of one length, asked of the kernel by the hundred: asking for each takes longer than most uses.

For ids, references and nonces, which nobody may guess before they are made. Keys are asked for one by one, so that none
lies about before there is anything to keep with it.
"""

import os

_AT_ONCE = 100


class Pieces:
    """`Pieces(12)` has `next()`: twelve bytes that nobody else was given, not in another thread or a forked process either."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._waiting: list[bytes] = []
        os.register_at_fork(after_in_child=self._waiting.clear)

    def next(self) -> bytes:
        try:
            return self._waiting.pop()
        except IndexError:
            many = os.urandom(_AT_ONCE * self._length)
            first, *others = (many[start : start + self._length] for start in range(0, len(many), self._length))
            self._waiting.extend(others)
            return first
