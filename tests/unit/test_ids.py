"""Identifiers are UUIDs of version 7: unlike each other, and growing with time."""

import uuid

from shared.ids import is_id, new_id


def test_ids_are_version_7_and_in_the_order_of_their_milliseconds() -> None:
    made = [new_id() for _ in range(2000)]
    assert len(set(made)) == len(made)
    assert {uuid.UUID(text).version for text in made} == {7}
    assert [text[:13] for text in made] == sorted(text[:13] for text in made)


def test_only_the_canonical_form_is_an_id() -> None:
    text = new_id()
    assert is_id(text)
    assert not any(is_id(other) for other in (text.upper(), text.replace("-", ""), f"{{{text}}}", "", "x"))
