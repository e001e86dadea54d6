"""Fixtures: servers and agents as real processes, clients for them, and their logs in the report of a failed test.

`server`, `agent` and what belongs to them are shared by the tests of one file; what a test breaks or fills up it makes
for itself with `make_server` and `make_agent`.
"""

import contextlib
import itertools

import pytest

from support import database, process
from support.agent import Agent
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
