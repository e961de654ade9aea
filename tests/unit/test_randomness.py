"""Random pieces are given to one asker alone: not twice in a process, and not to its child as well."""

import ast
import subprocess
import sys

from shared.randomness import Pieces


def test_each_piece_is_given_once_and_has_its_length() -> None:
    pieces = Pieces(12)
    given = [pieces.next() for _ in range(1000)]
    assert len(set(given)) == 1000
    assert {len(each) for each in given} == {12}


def test_a_process_and_its_child_are_given_nothing_twice() -> None:
    """What was fetched for later must not be handed down: a nonce that is used twice gives its key away."""
    program = (
        "import os; from shared.randomness import Pieces; pieces = Pieces(10); pieces.next(); child = os.fork()\n"
        "if child: os.waitpid(child, 0)\n"
        "print([pieces.next() for _ in range(9)])"
    )
    told = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    given = [each for line in told.splitlines() for each in ast.literal_eval(line)]
    assert len(given) == len(set(given)) == 18
