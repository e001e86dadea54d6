"""A real muster-server: its own process, data folder and database."""

import http.client
import json
import pathlib
import socket
import ssl
import urllib.parse

from support import database
from support.clients import REGION, Cli, Keys, boto_client, json_request, send, sign
from support.process import Process, binary, clean_environment
from support.waiting import eventually


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server; may be killed and started again on the same data, port and database."""

    def __init__(self, folder, *, tls=False, limits=None, settings=None, environment=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.tls = tls
        self.own_ca = None
        self.address = "127.0.0.1"
        self.port = free_port()
        self.database = database.fresh()
        self.environment = dict(environment or {})
        if self.database.url:
            # Not on the command line, where a password would be for all to see.
            self.environment["MUSTER_DATABASE_URL"] = self.database.url
        # Tables of the configuration file, by name.
        self.tables = ({"limits": limits} if limits else {}) | (settings or {})
        self.process = None

    # Life

    def launch(self, *extra):
        """Starts the process and waits for nothing."""
        command = [binary("muster-server"), "--data-dir", self.data, "--listen", f"{self.address}:{self.port}"]
        if self.tls and not self.own_ca:
            command.append("--tls-self-signed")
        if self.tables:
            config = self.folder / "muster.toml"
            lines = []
            for table, values in self.tables.items():
                # A JSON string, number or boolean is one of TOML, too.
                lines += [f"[{table}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
            config.write_text("\n".join([*lines, ""]))
            command += ["--config", config]
        environment = clean_environment(**self.environment)
        self.process = Process(
            "muster-server", [*command, *extra], self.folder / "server.log", environment=environment
        )
        return self

    def start(self, *extra):
        self.launch(*extra)
        eventually(self.ready, within=20, what="the server is ready")
        return self

    def ready(self):
        assert self.process.running, f"the server ended with {self.process.popen.returncode}"
        return self.get("/readyz")[0] == 200

    def kill(self):
        self.process.kill()

    def stop(self):
        """Ends it in order, which must work at any time."""
        if self.process and self.process.running:
            assert self.process.stop() == 0, "muster-server did not exit with 0 on SIGTERM"

    def close(self):
        try:
            self.stop()
        finally:
            self.database.drop()

    # Access

    @property
    def url(self):
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    @property
    def ca(self):
        """The certificate of the authority to trust: with --tls-self-signed the server's own."""
        return (self.own_ca or self.data / "tls" / "ca.pem") if self.tls else None

    @property
    def credentials_file(self):
        return self.data / "credentials"

    @property
    def root(self):
        return Keys.from_file(self.credentials_file)

    def client(self, service="ssm", *, keys=None, region=REGION, validate=True):
        return boto_client(service, self.url, keys or self.root, region=region, ca=self.ca, validate=validate)

    def node_role(self, name):
        """A role that nodes can be given; it allows nothing."""
        trust = {"Effect": "Allow", "Principal": {"Service": "ssm.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
        return name

    def cli(self, home):
        return Cli(self.url, self.credentials_file, home, ca=self.ca)

    def admin(self, operation, **members):
        """A call of Muster's own API, which no SDK knows, by root; its answer."""
        request = json_request(self.url, operation, members, target_prefix="Muster_20261120")
        answer = send(sign(request, self.root, service="muster"), ca=self.ca)
        assert answer.status == 200, answer.body
        return answer.json()

    def get(self, path):
        """An unsigned GET; status and text."""
        parts = urllib.parse.urlsplit(self.url)
        if self.tls:
            context = ssl.create_default_context(cafile=str(self.ca))
            connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=5, context=context)
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()
