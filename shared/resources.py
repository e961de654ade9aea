"""What a process holds beside its databases: clock, settings, agency directory, places, keys; each opened when first used."""

from functools import cached_property
from typing import TYPE_CHECKING

from shared.clock import Clock, SystemClock
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.directory import Directory
    from shared.places.places import Places
    from shared.privacy.keyring import Keyring


class Resources:
    """One for each service in a process. Opening is lazy, so a service pays only for what it reads."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()

    @cached_property
    def directory(self) -> "Directory":
        from shared.directory import load_directory

        return load_directory(self.settings.directory)

    @cached_property
    def places(self) -> "Places":
        from shared.places.places import Places

        return Places.open(self.settings.data / "places")

    @cached_property
    def keyring(self) -> "Keyring":
        from shared.privacy.keyring import Keyring

        return Keyring.from_file(self.settings.master_key_file)

    @cached_property
    def internal_key(self) -> str:
        return self.settings.internal_key_file.read_text().strip()
