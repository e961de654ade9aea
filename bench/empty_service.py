"""What nameko itself costs: a service that answers a POST and does nothing. `python -m bench.empty_service PORT`."""

import sys

import eventlet

eventlet.monkey_patch()

from nameko.runners import ServiceRunner  # noqa: E402
from nameko.web.handlers import http  # noqa: E402


class Empty:
    """Nothing, over HTTP."""

    name = "empty"

    @http("POST", "/empty")
    def empty(self, request: object) -> tuple[int, str]:
        return 201, ""


if __name__ == "__main__":
    runner = ServiceRunner({"WEB_SERVER_ADDRESS": f"127.0.0.1:{sys.argv[1]}", "max_workers": 400})
    runner.add_service(Empty)
    runner.start()
    runner.wait()
