"""References survive a telephone: what is heard wrong is noticed."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from shared.references import SIGNS, new_reference, read_reference


def test_a_new_reference_is_read_back_however_it_is_typed() -> None:
    reference = new_reference()
    for typed in (reference, reference.lower(), reference.replace("-", ""), f" {reference.replace('-', ' ')} "):
        assert read_reference(typed) == reference


def test_no_sign_is_a_vowel_or_looks_like_another() -> None:
    assert not set(SIGNS) & set("AEIOU0O1IL5S2ZV")


@given(st.integers(0, 8), st.sampled_from(SIGNS))
def test_one_wrong_sign_is_always_noticed(place: int, sign: str) -> None:
    signs = new_reference().replace("-", "")
    wrong = signs[:place] + sign + signs[place + 1 :]
    assert (read_reference(wrong) is None) == (wrong != signs)


def test_two_swapped_signs_are_always_noticed() -> None:
    signs = new_reference().replace("-", "")
    for one, other in itertools.combinations(range(9), 2):
        swapped = list(signs)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        assert (read_reference("".join(swapped)) is None) == (swapped != list(signs))


def test_what_is_no_reference_is_none() -> None:
    for text in ("", "7KX", "7KX-3FM-9QFF", "AEI-OU0-1IL", "🙂🙂🙂-🙂🙂🙂-🙂🙂🙂"):
        assert read_reference(text) is None
