"""A database that is closed leaves no connection behind, whoever was still at work."""

import pytest
from sqlalchemy import text

from shared.database.engine import Database
from tests.support.pairs import Pair


def test_what_still_worked_when_all_was_closed_closes_after_itself(pair: Pair) -> None:
    database = Database(pair.database_url("referrals"))
    with database.reading() as connection:
        late = connection.connection.driver_connection
        connection.execute(text("SELECT 1"))
        database.close()
        connection.execute(text("SELECT 1"))
    assert_closed(late)

    with database.reading() as connection:  # As a thread does that has not heard of it.
        later = connection.connection.driver_connection
        connection.execute(text("SELECT 1"))
    assert_closed(later)


def assert_closed(driver: object) -> None:
    if hasattr(driver, "closed"):
        assert driver.closed
        return
    with pytest.raises(Exception, match="closed"):
        driver.execute("SELECT 1")  # type: ignore[attr-defined]
