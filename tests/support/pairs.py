"""The two pairs of database and broker that Waypost runs on; what stores or sends is tested on each.

`default` is what `make run` gives: SQLite and the broker inside the process. `scale` is PostgreSQL and RabbitMQ.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ


@dataclass(frozen=True)
class Pair:
    """Addresses of a database and a broker that nobody has used; `name` is `default` or `scale`."""

    name: str
    broker_url: str
    _database: str

    def database_url(self, service: str) -> str:
        """What SQLAlchemy connects to as that service: its own file, or its own role."""
        return self._database.replace("{service}", service)

    @property
    def environment(self) -> dict[str, str]:
        """The settings that make a process of Waypost use this pair."""
        return {"WAYPOST_DATABASE": self._database, "WAYPOST_BROKER": self.broker_url}


def default_pair(folder: Path) -> Pair:
    """SQLite files in `folder`, and a broker that forgets all when its process ends."""
    return Pair("default", f"memory://{folder.name}", f"sqlite:///{folder}/{{service}}.sqlite3")


def scale_pair(postgres: Postgres, rabbitmq: RabbitMQ, database: str = "") -> Pair:
    """A database with the services' roles and schemas, a new one unless it is named, and a new virtual host."""
    name = database or postgres.new_database()
    return Pair("scale", rabbitmq.url(rabbitmq.new_vhost()), postgres.url("{service}", database=name))


def stores_at_scale(postgres: Postgres, database: str) -> Pair:
    """The same for what sends nothing: a virtual host takes longer to make than a database, and is not asked for."""
    return Pair("scale", "amqp://nobody:nothing@127.0.0.1:9/nowhere", postgres.url("{service}", database=database))
