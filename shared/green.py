"""Makes a process green for eventlet: `patch()`, before anything is imported that waits.

Names are then looked up by eventlet's own resolver, which lets other green threads go on meanwhile. Its library is an eighth of
a start, and many processes connect only to what they know by number: it is loaded when the first name is asked for.
"""

import ipaddress
import os
from collections.abc import Callable
from typing import Any

# At import: commands that are not green load eventlet all the same, and look names up as the system does.
os.environ["EVENTLET_NO_GREENDNS"] = "yes"
LOOK_UPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "getnameinfo")


def patch() -> None:
    """Green sockets, locks and clocks from now on, in every module that is imported after this call."""
    import eventlet
    from eventlet.green import socket

    for name in LOOK_UPS:
        setattr(socket, name, _look_up(name, getattr(socket, name)))
    eventlet.monkey_patch()


def _look_up(name: str, of_the_system: Callable[..., Any]) -> Callable[..., Any]:
    def look_up(asked: Any, *arguments: Any, **named: Any) -> Any:
        if name == "getaddrinfo" and _is_number(asked):
            return of_the_system(asked, *arguments, **named)  # Asks nobody, and waits for nobody.
        from eventlet.support import greendns

        return getattr(greendns, name)(asked, *arguments, **named)

    return look_up


def _is_number(host: Any) -> bool:
    try:
        return host is None or bool(ipaddress.ip_address(host))
    except ValueError:
        return False
