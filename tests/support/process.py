"""A program under test: started with a clean environment, its output in a file, its end checked."""

import os
import pathlib
import signal
import subprocess
import sys

from support.waiting import eventually

ROOT = pathlib.Path(__file__).parent.parent.parent
BINARIES = pathlib.Path(os.environ.get("MUSTER_TEST_BINARIES", ROOT / "target/debug")).absolute()

# What a program of ours may see of the tester's environment: nothing that changes how it talks to the network.
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "TZ", "RUST_BACKTRACE")

# Every program of the running test, for the report when it fails.
started = []


def clean_environment(**more):
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"RUST_BACKTRACE": "1"} | {name: str(value) for name, value in more.items()}


def binary(name):
    path = BINARIES / name
    assert path.is_file(), f"{path} is not built; run the suite by `cargo xtask test`"
    return str(path)


class Process:
    """One run of a program."""

    def __init__(self, name, command, log, *, environment=None, cwd=None):
        self.name = name
        self.log_path = pathlib.Path(log)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log_path, "ab") as output:
            self.popen = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment if environment is not None else clean_environment(),
                cwd=cwd,
                # Not in our process group: Ctrl-C on the tests must leave the order of the end to the fixtures.
                start_new_session=True,
            )
        started.append(self)

    @property
    def pid(self):
        return self.popen.pid

    @property
    def running(self):
        return self.popen.poll() is None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def signal(self, number):
        self.popen.send_signal(number)

    def kill(self):
        """As the system does it when memory runs out: no chance to tidy up."""
        if self.running:
            self.popen.kill()
        self.popen.wait(10)

    def stop(self, *, within=15):
        """Asks it to end; its exit code."""
        if self.running:
            self.popen.send_signal(signal.SIGTERM)
        try:
            return self.popen.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop within {within} s of SIGTERM") from None

    def wait_for_line(self, text, *, within=15):
        """Waits until its log holds a text; that line."""

        def line():
            for candidate in self.log().splitlines():
                if text in candidate:
                    return candidate
            assert self.running, f"{self.name} ended with {self.popen.returncode}"
            return None

        return eventually(line, within=within, what=f"{text!r} in the log of {self.name}")

    def resident_kib(self):
        """Its memory, as the system counts it."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def report(self):
        """The end of its log."""
        state = "running" if self.running else f"ended with {self.popen.returncode}"
        lines = self.log().splitlines()[-40:]
        return f"{self.name} (process {self.pid}, {state})", "\n".join(lines)


def run(command, *, environment=None, cwd=None, within=60, text_input=None):
    """Runs a program to its end; the result with its output as text."""
    return subprocess.run(
        [str(word) for word in command],
        env=environment if environment is not None else clean_environment(),
        cwd=cwd,
        timeout=within,
        capture_output=True,
        text=True,
        input=text_input,
        stdin=None if text_input is not None else subprocess.DEVNULL,
        check=False,
    )


def python_program(name):
    """A program of the tests' own Python environment: `aws`."""
    return str(pathlib.Path(sys.executable).with_name(name))
