"""Postcodes as people type them."""

import pytest

from shared.places.spelling import area_of, canonical, compact, mended


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("KT1 1AA", "KT1 1AA"),
        ("kt11aa", "KT1 1AA"),
        ("  Kt1\u00a01aA ", "KT1 1AA"),
        ("KT1-1AA", "KT1 1AA"),
        ("k t 1 1 a a", "KT1 1AA"),
        ("E1W 1AA", "E1W 1AA"),
        ("EC1A1BB", "EC1A 1BB"),
        ("CR0 2AA", "CR0 2AA"),
        ("GIR 0AA", "GIR 0AA"),
    ],
)
def test_any_spacing_and_case_gives_the_one_way_to_write_it(typed, meant):
    assert canonical(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("KTI IAA", "KT1 1AA"),
        ("CRO 2AA", "CR0 2AA"),
        ("SM1 OAA", "SM1 0AA"),
        ("S014 0AA", "SO14 0AA"),
        ("0X1 1AA", "OX1 1AA"),
        ("1P1 1AA", "IP1 1AA"),
        ("SWI5 1AA", "SW15 1AA"),
        ("LI0 1AA", "L10 1AA"),
    ],
)
def test_a_slip_with_one_cure_is_mended(typed, meant):
    assert canonical(typed) == meant


@pytest.mark.parametrize("right", ["SO14 0AA", "OX1 1AA", "IP1 1AA", "CO1 1AA", "N1 0AA", "E10 1AA", "BS1 1OI"])
def test_what_can_stand_as_it_is_written_is_not_touched(right):
    assert mended(compact(right)) == compact(right)


@pytest.mark.parametrize("text", ["", "KT1", "KT1 1A", "KT1 1AAA", "1234567", "KT1 AAA", "Kingston", "\U0001f600"])
def test_what_is_no_postcode_is_none(text):
    assert canonical(text) is None


@pytest.mark.parametrize(("text", "area"), [("KT1 1AA", "KT"), ("L11AA", "L"), ("GIR0", "GIR"), ("E1W1", "E")])
def test_the_area_is_the_letters_in_front(text, area):
    assert area_of(text) == area
