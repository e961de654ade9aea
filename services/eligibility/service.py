"""The eligibility service: its entry points."""

from services.eligibility import tables, traces
from services.eligibility.handlers import HANDLERS
from services.eligibility.held import KEPT
from shared.directory.desk import LOOKS_EVERY_SECONDS, DirectoryDesk
from shared.http.management import Management
from shared.messaging.desk import Desk
from shared.messaging.runtime import InboxProvider, RelayProvider, StoreProvider
from shared.messaging.subscription import subscription
from shared.privacy.desk import PrivacyDesk
from shared.timer import timer


class EligibilityService:
    """Facts come in, assessments go out."""

    name = "eligibility"
    metadata = tables.metadata

    store = StoreProvider()
    inbox = InboxProvider(HANDLERS)
    relay = RelayProvider()
    management = Management()
    desk = Desk(traces.ROUTES)
    directory = DirectoryDesk()
    privacy = PrivacyDesk(KEPT)

    @subscription
    def receive(self, bodies: list[bytes]) -> None:
        self.inbox.take(bodies)

    @timer(interval=LOOKS_EVERY_SECONDS)
    def take_up_directory(self) -> None:
        self.directory.look()

    @timer(interval=1)
    def retry(self) -> None:
        self.inbox.retry_due()
