"""The names of agencies' own queues."""

from shared.resources import Resources


def agency_queue(resources: Resources, agency: str) -> str:
    """The name of an agency's queue: not to be guessed, since a name is enough to ask how many messages wait."""
    return f"waypost.agency.{agency}.{resources.keyring.blind_index('agency-queue', agency)[:20]}"
