"""Runs a command as a process of its own, as an operator would, and sees that it is ready or says why it is not.

Everything that the process writes is kept in one log file, over restarts too. Nothing is started through a shell, so
`kill` reaches the very process that was asked for. Works the same whether or not eventlet has patched this process.
"""

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

T = TypeVar("T")

LOGS: list[Path] = []
"""Every log that a process of this run has written."""
PATIENCE = 180.0
"""Seconds that what is certain to come may take: where ten servers start at once on two cores, one has taken over sixty."""
# A run that is killed outright can stop nothing; on Linux the kernel then ends what it started. By a program that
# becomes the command: eventlet objects to Python code between fork and exec.
_END_WITH_US = [setpriv, "--pdeathsig", "KILL", "--"] if (setpriv := shutil.which("setpriv")) else []
_BLOCKS = range(10_000, 32_000, 100)
_held: list[socket.socket] = []


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on, and that no run which goes on beside this one is given."""
    return next(_ports_of_ours)


def _ports() -> Iterator[int]:
    """Each once. A block of them is ours alone while this process lives and so holds its first.

    A server may take a minute to listen on what it was given: until then nothing else tells others that the port is taken.
    Below the system's range for outgoing connections: a client that retries while its server is down may otherwise be
    given the server's own port to speak from, connect to itself, and keep the server from starting again.
    """
    for first in random.sample(_BLOCKS, len(_BLOCKS)):
        holder = _bound(first)
        if not holder:
            continue
        _held.append(holder)
        for port in range(first + 1, first + _BLOCKS.step):
            if probe := _bound(port):
                probe.close()
                yield port
    raise AssertionError(f"every port from {_BLOCKS.start} to {_BLOCKS.stop} is taken; end other runs of the tests")


def _bound(port: int) -> socket.socket | None:
    """A socket that has this port; None where somebody else has it."""
    found = socket.socket()
    try:
        found.bind(("127.0.0.1", port))
    except OSError:
        found.close()
        return None
    return found


_ports_of_ours = _ports()


class Process:
    """One command; may be started, killed and started again.

    `env` is the whole environment beside PATH and HOME, so that nothing of the developer's own leaks into a test.
    `user` is for those who are root and start what refuses to be.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
    ) -> None:
        self.command = [str(word) for word in command]
        self.log = log
        self.env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **(env or {})}
        self.cwd = cwd
        self.user = user
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Starts the command; returns at once. Use one of the `wait_for_…` to know that it is ready."""
        assert not self.alive, f"{self.command[0]} runs already"
        as_user: dict[str, Any] = {}
        if self.user:
            as_user = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}
        if self.log not in LOGS:
            LOGS.append(self.log)
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                [*_END_WITH_US, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.env,
                cwd=self.cwd,
                start_new_session=True,  # Ctrl-C in the terminal is for pytest, which then stops us in order
                **as_user,
            )
        return self

    @property
    def alive(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def pid(self) -> int:
        assert self._popen is not None, f"{self.command[0]} was never started"
        return self._popen.pid

    def kill(self) -> None:
        """SIGKILL, as a power cut would: no time to tidy up. Returns when the process is gone."""
        self.signal(signal.SIGKILL)
        self.wait(10)

    def terminate(self, seconds: float = 20) -> int:
        """SIGTERM, then its exit code; killed, and an error raised, when it has not ended in time."""
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def signal(self, number: signal.Signals) -> None:
        if self.alive:
            os.kill(self.pid, number)

    def wait(self, seconds: float = 20) -> int:
        """The exit code; a process that is still there after `seconds` is killed and reported with its log."""
        assert self._popen is not None, f"{self.command[0]} was never started"
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
            raise AssertionError(self._report(f"had not ended after {seconds} s")) from None

    def text(self) -> str:
        """All that the process has written so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait_for_line(self, text: str, seconds: float = PATIENCE) -> str:
        """The first line written since the beginning of the log that holds `text`."""
        return self.wait_until(
            lambda: next((line for line in self.text().splitlines() if text in line), ""),
            f"line with {text!r}",
            seconds,
        )

    def wait_for_port(self, port: int, seconds: float = PATIENCE) -> None:
        def connects() -> bool:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
            return False

        self.wait_until(connects, f"port {port}", seconds)

    def wait_for_http(self, url: str, status: int = 200, seconds: float = PATIENCE) -> None:
        def answers() -> bool:
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:
                    return bool(answer.status == status)
            except urllib.error.HTTPError as error:
                with error:
                    return error.code == status
            except OSError:
                return False

        self.wait_until(answers, f"{status} from {url}", seconds)

    def wait_until(self, ready: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
        """The first true answer of `ready`; fails with the end of the log when the process dies or time is up."""
        deadline = time.monotonic() + seconds
        while not (answer := ready()):
            if not self.alive:
                raise AssertionError(self._report(f"ended (exit code {self.wait()}) before {what}"))
            if time.monotonic() > deadline:
                raise AssertionError(self._report(f"gave no {what} in {seconds} s"))
            time.sleep(0.02)
        return answer

    def _report(self, what: str) -> str:
        tail = "\n".join(self.text().splitlines()[-40:])
        return f"{Path(self.command[0]).name} {what}. The end of {self.log.name}:\n{tail}"
