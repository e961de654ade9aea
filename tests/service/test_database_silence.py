"""A connection to PostgreSQL on which nothing comes any more: given up after a while, and others are made."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.database import green
from shared.database.engine import Database, is_away
from tests.support.postgres import Postgres
from tests.support.proxy import Proxy


@pytest.fixture
def proxy(postgres: Postgres) -> Iterator[Proxy]:
    proxy = Proxy(lambda: postgres.port)
    yield proxy
    proxy.close()


def test_a_connection_that_the_other_side_has_forgotten_is_given_up_and_made_anew(
    postgres: Postgres, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(green, "LONGEST", 0.3)
    url = postgres.url().replace(f":{postgres.port}/", f":{proxy.port}/")
    database = Database(url)
    with database.writing() as connection:
        connection.execute(text("SELECT 1"))
    proxy.forget()

    with pytest.raises(DBAPIError) as failed, database.writing() as connection:
        connection.execute(text("SELECT 2"))

    assert is_away(failed.value)
    with database.writing() as connection:
        assert connection.execute(text("SELECT 3")).scalar_one() == 3
        # And the server notices as soon when it is we who have gone: the locks of a session must not outlive its process.
        assert connection.execute(text("SHOW tcp_keepalives_idle")).scalar_one() == "5"
        assert connection.execute(text("SHOW tcp_user_timeout")).scalar_one() == "20000"
    database.close()
