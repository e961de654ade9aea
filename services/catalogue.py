"""The services there are: the one place that knows them all. Imported one by one, so a process loads what it runs."""

from importlib import import_module
from pathlib import Path
from typing import Any

from shared.messaging.agency_queues import agency_queue
from shared.messaging.broker import Topology
from shared.messaging.runtime import InboxProvider, Runtime, queue_salt
from shared.resources import Resources
from shared.settings import SERVICES, Settings

CLASSES = {
    "referrals": "ReferralsService",
    "eligibility": "EligibilityService",
    "routing": "RoutingService",
    "notifications": "NotificationsService",
    "operations": "OperationsService",
}


def service_class(name: str) -> Any:
    """A service's class, by the service's name."""
    return getattr(import_module(f"services.{name}.service"), CLASSES[name])


def runtime_of(name: str, settings: Settings) -> Runtime:
    """A service's parts without nameko, for the command line."""
    return Runtime(name, import_module(f"services.{name}.tables").metadata, Resources(settings))


def migrations_of(name: str) -> Path:
    return Path(__file__).parent / name / "migrations"


def topology(settings: Settings) -> Topology:
    """The queues that must be there: each service's, with the event types that it handles, and the agencies'."""
    services = {}
    for name in SERVICES:
        inbox = getattr(service_class(name), "inbox", None)
        if isinstance(inbox, InboxProvider):
            services[name] = [schema.type() for schema in inbox.handlers]
    resources = Resources(settings)
    queues = {
        agency.id: agency_queue(resources, agency.id)
        for agency in resources.directory.agencies
        if "queue" in agency.channels
    }
    return Topology(services, queues, queue_salt(resources))
