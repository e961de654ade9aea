"""A RabbitMQ of the tests' own, that can be killed and started again on the same data.

Node, port mapper (epmd), ports, cookie, data and log all belong to one folder and to 127.0.0.1, so that neither another
run nor a broker of the machine is touched. Runs as whoever calls it, root or not; it stops what it started by id.
"""

import contextlib
import itertools
import os
import subprocess
from pathlib import Path

import amqp
import requests

from tests.support.process import Process, free_port
from tests.support.programs import find

# The wrappers on PATH insist on being root or rabbitmq; the scripts that they call do not.
SCRIPTS = ["/usr/lib/rabbitmq/lib/*/sbin", "/opt/homebrew/opt/rabbitmq/sbin"]


class RabbitMQ:
    """One node. `user` and `password` are its administrator's; `url()` is a URL that AMQP clients take.

    With `epmd_port` it starts no port mapper of its own. Nodes that have the same may `join` each other. `feature_flags` are
    those that a new node begins with; usually all.
    """

    user = "waypost"
    password = "for-tests-only"

    def __init__(
        self, folder: Path, epmd_port: int | None = None, feature_flags: tuple[str, ...] | None = None
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.management_port = free_port()
        self.metrics_port = free_port()
        self.node = f"waypost-{os.getpid()}-{self.port}@localhost"
        self._ctl = find("rabbitmqctl", "rabbitmq-server", SCRIPTS)
        self._numbers = itertools.count(1)
        self._epmd_port = epmd_port or free_port()
        self._needs_epmd = epmd_port is None
        self._write_configuration()
        env = {
            "HOME": str(folder),  # where Erlang keeps the cookie
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "no-such-file"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false"
            # How often each queue looks after itself (milliseconds): hundreds of tests leave theirs behind.
            " -rabbit quorum_tick_interval 30000",
            # Makes the script become the broker instead of watching over it: our process id is then the broker's.
            "RABBITMQ_ALLOW_INPUT": "1",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd_port),
            **({} if feature_flags is None else {"RABBITMQ_FEATURE_FLAGS": ",".join(feature_flags)}),
        }
        self._epmd = Process(
            [find("epmd", "rabbitmq-server", ["/usr/lib/erlang/erts-*/bin"]), "-port", str(self._epmd_port)],
            log=folder / "epmd.log",
            env=env,
        )
        self._server = Process(
            [self._ctl.with_name("rabbitmq-server"), "-noinput"], log=folder / "rabbitmq.log", env=env
        )

    def start(self) -> "RabbitMQ":
        """Returns when an AMQP client can log in."""
        if self._needs_epmd and not self._epmd.alive:
            self._epmd.start().wait_for_port(self._epmd_port)
        self._server.start().wait_until(self._answers, "AMQP connection")
        return self

    def stop(self) -> None:
        """In order, as an upgrade would; then the port mapper too, which otherwise outlives the node."""
        self._server.terminate(seconds=60)
        if self._needs_epmd:
            self._epmd.kill()

    def discard(self) -> None:
        """Ends it and its port mapper at once: to stop in order takes six seconds, for data that nobody will ask for."""
        for process in (self._server, self._epmd):
            if process.alive:
                process.kill()

    def join(self, other: "RabbitMQ") -> None:
        """Forgets what it has, and becomes a member of the other's cluster."""
        for words in (("stop_app",), ("join_cluster", other.node), ("start_app",)):
            self.ctl(*words)

    @property
    def alive(self) -> bool:
        return self._server.alive

    def kill(self) -> None:
        """SIGKILL to the broker; `start` afterwards finds what was on disk."""
        self._server.kill()

    def write_queues(self) -> None:
        """Puts the register of quorum queues on disk now.

        The broker writes it up to half a second after a queue is declared; killed before, it forgets the queue's log,
        and the queue stays without a leader. A test that declares queues and then kills calls this between the two.
        """
        self.ctl("eval", "ok = dets:sync(ra_directory_reverse).")

    def url(self, vhost: str = "/", user: str | None = None, password: str | None = None) -> str:
        who = f"{user or self.user}:{password or self.password}"
        return f"amqp://{who}@127.0.0.1:{self.port}/{'%2F' if vhost == '/' else vhost}"

    @property
    def management_url(self) -> str:
        """The HTTP interface by which users, permissions and virtual hosts are provisioned."""
        return f"http://{self.user}:{self.password}@127.0.0.1:{self.management_port}"

    def ctl(self, *arguments: str) -> str:
        """What `rabbitmqctl` prints; about a second each. Fails with what it wrote when it does not succeed."""
        return self.tool(self._ctl.name, *arguments)

    def tool(self, name: str, *arguments: str) -> str:
        """The same of another of its tools, such as `rabbitmq-upgrade`."""
        return self._command(self._ctl.with_name(name), *arguments)

    def new_vhost(self) -> str:
        """The name of an unused virtual host, made over HTTP: the command would take a second to begin."""
        name = f"test-{next(self._numbers)}"
        everything = dict.fromkeys(("configure", "write", "read"), ".*")
        for path, body in ((f"vhosts/{name}", {}), (f"permissions/{name}/{self.user}", everything)):
            answer = requests.put(f"{self.management_url}/api/{path}", json=body, timeout=60)
            assert answer.ok, answer.text
        return name

    def _command(self, program: Path, *arguments: str) -> str:
        done = subprocess.run(
            [program, "-q", "-n", self.node, *arguments],
            env=self._server.env,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{program.name} {arguments[0]} failed: {done.stderr or done.stdout}"
        return done.stdout

    def _answers(self) -> bool:
        connection = amqp.Connection(f"127.0.0.1:{self.port}", self.user, self.password, connect_timeout=2)
        with contextlib.suppress(OSError, amqp.exceptions.AMQPError), connection:
            return True
        return False

    def _write_configuration(self) -> None:
        for name in ("data", "log"):
            (self.folder / name).mkdir(exist_ok=True)
        cookie = self.folder / ".erlang.cookie"
        cookie.write_text("FOR-TESTS-ONLY")
        cookie.chmod(0o400)
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management, rabbitmq_prometheus].\n")
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.default = 127.0.0.1:{self.port}\n"
            f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {self.management_port}\n"
            f"prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = {self.metrics_port}\n"
            f"default_user = {self.user}\n"
            f"default_pass = {self.password}\n"
            "log.console = true\n"
            "log.file = false\n"
            # A busy test machine is short of memory for reasons of its own; an alarm would make every publisher wait.
            "vm_memory_high_watermark.relative = 0.8\n"
            "disk_free_limit.absolute = 50MB\n"
            # Of a cluster: the smaller part stops, and comes back by itself, instead of going on alone.
            + ("" if self._needs_epmd else "cluster_partition_handling = pause_minority\n")
        )
