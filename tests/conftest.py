"""Fixtures: servers and agents as real processes, clients for them, and their logs in the report of a failed test.

`server`, `agent` and what belongs to them are shared by the tests of one file; what a test breaks or fills up it makes
for itself with `make_server` and `make_agent`.
"""

import contextlib
import itertools

import pytest

from support import database, process
from support.agent import Agent
from support.clients import REGION
from support.proxy import Relay
from support.server import Server


@pytest.fixture(scope="module")
def stack():
    """Closed in reverse order at the end of the file."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("muster")


@pytest.fixture(scope="module")
def server(folder, stack):
    """A server that tests of this file share; none of them may change its settings or stop it."""
    server = Server(folder / "server")
    stack.callback(server.close)
    return server.start()


@pytest.fixture(scope="module")
def ssm(server):
    """An unmodified boto3 client with root credentials."""
    return server.client()


@pytest.fixture(scope="module")
def careless_ssm(server):
    """The same, but the SDK sends what the model forbids."""
    return server.client(validate=False)


@pytest.fixture(scope="module")
def agent(server, folder, stack):
    """A connected node that tests of this file share."""
    agent = Agent(server, folder / "agent")
    stack.callback(agent.close)
    return agent.register().start()


@pytest.fixture(scope="module")
def aws(server, folder):
    """The unmodified aws CLI."""
    home = folder / "home"
    home.mkdir()
    return server.cli(home)


@pytest.fixture(scope="module")
def environment(server, folder):
    """What `muster up` tells to paste, and a home without anything."""
    home = folder / "cli-home"
    home.mkdir()
    return process.clean_environment(
        AWS_ENDPOINT_URL=server.url, AWS_SHARED_CREDENTIALS_FILE=server.credentials_file, AWS_REGION=REGION, HOME=home
    )


@pytest.fixture
def muster(environment, tmp_path):
    """The `muster` command line with root credentials; other variables by their names, what it reads as `input`."""

    def call(*words, expect=0, input=None, **changes):
        result = process.run(
            [process.binary("muster"), *words], environment=environment | changes, cwd=tmp_path, text_input=input
        )
        assert result.returncode == expect, f"exit {result.returncode}: {result.stdout}{result.stderr}"
        assert "\x1b" not in result.stdout + result.stderr, "no colours away from a terminal"
        return result

    return call


@pytest.fixture
def make_server(tmp_path):
    """Makes servers that are this test's own."""
    numbers = itertools.count()
    with contextlib.ExitStack() as stack:

        def make(*, start=True, **settings):
            server = Server(tmp_path / f"server-{next(numbers)}", **settings)
            stack.callback(server.close)
            return server.start() if start else server

        yield make


@pytest.fixture
def make_agent(tmp_path):
    """Makes agents that are this test's own; registered and started unless told otherwise."""
    numbers = itertools.count()
    with contextlib.ExitStack() as stack:

        def make(server, *, register=True, start=True, activation=None, **settings):
            agent = Agent(server, tmp_path / f"agent-{next(numbers)}", **settings)
            stack.callback(agent.close)
            if register:
                agent.register(**(activation or {}))
                if start:
                    agent.start()
            return agent

        yield make


@pytest.fixture
def make_relay():
    """Makes TCP relays in front of servers."""
    with contextlib.ExitStack() as stack:

        def make(server):
            relay = Relay(server.port)
            stack.callback(relay.close)
            return relay

        yield make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what its programs said."""
    report = yield
    if report.failed:
        for program in process.started:
            with contextlib.suppress(OSError):
                report.sections.append(program.report())
    return report


def pytest_runtest_logfinish(nodeid):
    """Programs that have ended are of no more interest to the next test."""
    process.started[:] = [program for program in process.started if program.running]


# An evaluation set-up brings its own database; the other engine changes nothing about it.
collect_ignore = ["test_up.py"] if database.ENGINE == "postgres" else []
