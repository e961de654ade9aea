"""The broker's own alarms: RabbitMQ stops taking messages when it is short of memory or disk, and says so here first.

Asked over RabbitMQ's management API, whose address `WAYPOST_BROKER_MANAGEMENT` gives. Without it, and on the broker inside
the process, there is nothing to ask; that messages stay unsent shows all the same.
"""

from urllib.parse import unquote, urlsplit, urlunsplit

import requests

ANSWER_WITHIN = (2, 5)
AWAY = "management-away"
_ALARMS = {"mem_alarm": "memory", "disk_free_alarm": "disk"}


def alarms(address: str | None) -> list[str]:
    """What the broker is alarmed about: `memory`, `disk`, `node-down`; `management-away` where it cannot be asked."""
    if address is None:
        return []
    parts = urlsplit(address)
    base = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])).rstrip("/")
    columns = ",".join(("running", *_ALARMS))
    try:
        answer = requests.get(
            f"{base}/api/nodes?columns={columns}",
            auth=(unquote(parts.username or ""), unquote(parts.password or "")),
            timeout=ANSWER_WITHIN,
            allow_redirects=False,
        )
        nodes = answer.json() if answer.status_code == 200 else None
    except (requests.RequestException, ValueError):
        nodes = None
    if not isinstance(nodes, list):
        return [AWAY]
    found = {name for node in nodes for key, name in _ALARMS.items() if node.get(key)}
    return sorted(found | {"node-down" for node in nodes if not node.get("running", True)})
