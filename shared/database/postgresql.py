"""PostgreSQL: connections that let other green threads run, end what takes too long, and notice a machine that has gone."""

from typing import Any

from sqlalchemy import Engine, create_engine, event

from shared.database.green import GreenConnection

POOL = 20
POSTGRES_OPTIONS = (
    "-c lock_timeout=10s -c statement_timeout=60s -c idle_in_transaction_session_timeout=120s "
    # A machine that has gone says nothing, and the server by itself would keep its sessions, and their locks, for two hours.
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=5 -c tcp_user_timeout=20s"
)


def engine(url: str, **options: Any) -> Engine:
    """An engine for `postgresql+psycopg://routing:…@host/waypost`."""
    arguments = {
        "connect_timeout": 5,
        "options": POSTGRES_OPTIONS,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 5,
        "tcp_user_timeout": 20_000,  # Milliseconds; keep-alives are not sent while an answer is awaited.
    }
    made = create_engine(
        url,
        pool_size=POOL,
        max_overflow=0,
        pool_use_lifo=True,
        pool_pre_ping=False,
        connect_args=arguments,
        **options,
    )
    event.listen(made, "do_connect", lambda _, __, args, kwargs: GreenConnection.connect(*args, **kwargs))
    return made
