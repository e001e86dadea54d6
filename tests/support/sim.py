"""Simulated nodes: `muster-sim` holds thousands of them in one process, over the real protocol."""

import json
import pathlib

from support.process import Process, binary
from support.waiting import eventually


class Fleet:
    """A running `muster-sim`."""

    def __init__(self, server, folder, nodes, *, script="", tags=(), endpoint=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.nodes = nodes
        self.ready_file = self.folder / "ready"
        self.report_file = self.folder / "report.json"
        self.identities = self.folder / "identities.json"
        command = [
            binary("muster-sim"), "run", "--quiet", "--nodes", nodes, "--endpoint", endpoint or server.url,
            "--root-credentials", server.credentials_file, "--identities", self.identities,
            "--ready-file", self.ready_file, "--report", self.report_file, "--script", script,
        ]  # fmt: skip
        for tag in tags:
            command += ["--tag", tag]
        if server.ca:
            command += ["--ca-file", server.ca]
        self.process = Process("muster-sim", command, self.folder / "sim.log")

    def wait_connected(self, *, within=90):
        def ready():
            assert self.process.running, f"muster-sim ended with {self.process.popen.returncode}"
            return self.ready_file.exists()

        eventually(ready, within=within, what=f"{self.nodes} simulated nodes are connected")
        return self

    def report(self):
        """Ends the fleet; what its nodes have to tell."""
        assert self.process.stop(within=30) == 0
        return json.loads(self.report_file.read_text())

    def close(self):
        self.process.kill()
