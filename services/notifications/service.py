"""The notifications service: its entry points."""

from services.notifications import gauges, tables, traces, watch
from services.notifications.deliveries import CHANNELS
from services.notifications.handlers import HANDLERS
from services.notifications.held import KEPT
from services.notifications.provider import ReceiptsProvider, SenderProvider
from shared.directory.desk import LOOKS_EVERY_SECONDS, DirectoryDesk
from shared.http.management import Management
from shared.messaging.desk import Desk
from shared.messaging.runtime import InboxProvider, RelayProvider, StoreProvider
from shared.messaging.subscription import subscription
from shared.privacy.desk import PrivacyDesk
from shared.timer import timer

PACE = 0.25  # Seconds. Nobody sees by which moment a message is later; in company each costs a fraction.


class NotificationsService:
    """Events come in and leave deliveries; the sender sends them."""

    name = "notifications"
    metadata = tables.metadata
    can_wait = True

    store = StoreProvider()
    privacy = PrivacyDesk(KEPT)
    inbox = InboxProvider(HANDLERS)
    relay = RelayProvider(PACE)
    sender = SenderProvider()
    receipts = ReceiptsProvider()
    management = Management()
    desk = Desk((*watch.ROUTES, *traces.ROUTES), gauges.look, CHANNELS)
    directory = DirectoryDesk()

    @subscription(pace=PACE)
    def receive(self, bodies: list[bytes]) -> None:
        self.inbox.take(bodies)
        self.sender.wake()

    @timer(interval=LOOKS_EVERY_SECONDS)
    def take_up_directory(self) -> None:
        self.directory.look()

    @timer(interval=1)
    def retry(self) -> None:
        self.inbox.retry_due()
        self.sender.wake()

    @timer(interval=30)
    def ask_for_receipts(self) -> None:
        self.receipts.ask()
