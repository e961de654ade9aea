"""Which parked messages are asked for: a group's number is one that a database can have given."""

import pytest
from marshmallow import Schema, ValidationError

from services.operations.schemas import GroupsQuery, ParkedQuery
from shared.messaging.parked_desk import JobSchema, ListSchema

LARGEST = 9_223_372_036_854_775_807
ASKED = [
    (GroupsQuery(), {}),
    (ParkedQuery(), {"service": "referrals"}),
    (ListSchema(), {}),
    (JobSchema(), {"actor": "duty"}),
]


@pytest.mark.parametrize(("schema", "asked"), ASKED)
def test_the_largest_number_is_taken_and_the_next_refused(schema: Schema, asked: dict[str, str]) -> None:
    assert schema.load({**asked, "group": str(LARGEST)})["group"] == LARGEST
    for beyond in (LARGEST + 1, 10**30, 0):
        with pytest.raises(ValidationError, match="group"):
            schema.load({**asked, "group": str(beyond)})
