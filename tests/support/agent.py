"""A real muster-agent: registered by a real activation, its own process and data folder."""

import json
import os
import pathlib
import signal

from support.clients import NODE_ROLE, REGION
from support.process import Process, binary, clean_environment, run
from support.waiting import eventually


class Agent:
    """One node; may be killed and started again on the same data folder."""

    def __init__(self, server, folder, *, endpoint=None, settings=None, environment=None, ca=None):
        self.server = server
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.endpoint = endpoint or server.url
        self.environment = clean_environment(**(environment or {}))
        self.ca = ca or server.ca
        self.process = None
        self.node = None
        if settings:
            self.data.mkdir(parents=True, mode=0o700)
            (self.data / "agent.json").write_text(json.dumps(settings))

    def register_with(self, activation_id, activation_code, *more, region=REGION):
        """Runs `muster-agent register`; the finished process."""
        command = [binary("muster-agent"), "register", "--endpoint", self.endpoint, "--region", region]
        command += ["--data-dir", self.data]
        if self.ca:
            command += ["--ca-file", self.ca]
        # Not as arguments, which every user of the machine may read.
        environment = self.environment | {
            "MUSTER_ACTIVATION_ID": activation_id,
            "MUSTER_ACTIVATION_CODE": activation_code,
        }
        return run([*command, *more], environment=environment)

    def register(self, **activation):
        """Makes an activation and registers with it."""
        activation = {"IamRole": NODE_ROLE} | activation
        made = self.server.client().create_activation(**activation)
        result = self.register_with(made["ActivationId"], made["ActivationCode"])
        assert result.returncode == 0, f"register: {result.stdout}{result.stderr}"
        self.node = self.registration()["instance_id"]
        return self

    def registration(self):
        return json.loads((self.data / "registration.json").read_text())

    def start(self, *, online=True):
        command = [binary("muster-agent"), "run", "--data-dir", self.data]
        self.process = Process(
            "muster-agent", command, self.folder / "agent.log", environment=self.environment
        )
        if online:
            self.wait_connected()
        return self

    def wait_connected(self, within=30):
        def connected():
            """the agent's channel is open"""
            assert self.process.running, f"the agent ended with {self.process.popen.returncode}"
            return self.connected()

        eventually(connected, within=within)
        return self

    def connected(self):
        return self.server.client().get_connection_status(Target=self.node)["Status"] == "connected"

    def kill(self):
        """Kills the agent alone; a worker that runs a document goes on."""
        self.process.kill()

    def stop(self):
        if self.process and self.process.running:
            assert self.process.stop() == 0, "muster-agent did not exit with 0 on SIGTERM"

    def close(self):
        """Stops it, and whatever a test has left running below it."""
        try:
            self.stop()
        finally:
            for pid in processes_with(str(self.data)):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass


def processes_with(word):
    """Processes that have a text in their command line or environment."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            about = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if word.encode() in about:
            found.append(int(entry.name))
    return found
