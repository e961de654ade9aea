"""People who are signed in, made where a test needs them: straight into the tables, without a pass phrase to type.

cookies = signed_in(system, "routing", "families-apart", "agency-worker")
requests.get(system.routing_url + "/tasks", cookies=cookies)
"""

from services.catalogue import runtime_of
from shared.ids import new_id
from shared.messaging.runtime import Runtime
from shared.web.cookies import Cookies
from shared.web.pages import address_of
from shared.web.people import records, sessions
from tests.support.system import System


def signed_in(system: System, service: str, owner: str, role: str, name: str = "Test Worker") -> dict[str, str]:
    """The cookies of a new person of a running system: `service` is `routing` or `operations`."""
    runtime = runtime_of(service, system.settings)
    try:
        return signed_in_at(runtime, owner, role, name)
    finally:
        runtime.store.database.close()


def signed_in_at(runtime: Runtime, owner: str, role: str, name: str = "Test Worker") -> dict[str, str]:
    """The same where a test holds the service's parts."""
    with runtime.store.writing() as transaction:
        person_id = records.create(transaction, owner, role, f"{new_id()}@example.org", name)
        secret = sessions.start(transaction, person_id)
    cookies = Cookies(address_of(runtime.resources.settings, runtime.service))
    return {cookies.name(sessions.cookie_of(runtime.service)): secret}
