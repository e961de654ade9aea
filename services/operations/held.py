"""What operations keeps that is sealed: its people."""

from shared.privacy.desk import Kept
from shared.web.people.sealed_columns import SEALED

KEPT = Kept(sealed=SEALED)
