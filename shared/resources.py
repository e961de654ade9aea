"""What a process holds beside its databases: clock, settings, agency directory, places, keys; each opened when first used."""

from collections.abc import Callable
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
        self.published: Callable[[], Directory | None] = lambda: None
        """Finds the directory that was published last, where the service keeps one."""
        self._directory: Directory | None = None
        self._told: list[Callable[[Directory], None]] = []

    @property
    def directory(self) -> "Directory":
        """The one that was published last, else the folder's. It may be another at any moment: ask each time."""
        if self._directory is None:
            from shared.directory import load_directory

            self._directory = self.published() or load_directory(self.settings.directory)
        return self._directory

    def take_up(self, directory: "Directory") -> None:
        """From now on this directory is gone by; whoever wants to know of it is told."""
        self._directory = directory
        for told in self._told:
            told(directory)

    def on_directory(self, told: "Callable[[Directory], None]") -> None:
        """Calls `told` with each directory that is taken up."""
        self._told.append(told)

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
