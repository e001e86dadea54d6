"""Hundreds of nodes at once, with simulated nodes over the real protocol: nothing lost, nothing run twice."""

import contextlib

import pytest

from support.commands import command_finished, command_state, shell
from support.sim import Fleet
from support.waiting import eventually

# Each start of a server's tests may share the machine with three others.
SLOW = 120


@pytest.fixture
def make_fleet(tmp_path):
    with contextlib.ExitStack() as stack:

        def make(server, nodes, **settings):
            fleet = Fleet(server, tmp_path / "fleet", nodes, tags=["fleet=test"], **settings)
            stack.callback(fleet.close)
            return fleet.wait_connected()

        yield make


TO_ALL = {"Targets": [{"Key": "tag:fleet", "Values": ["test"]}], "MaxConcurrency": "100%", "MaxErrors": "100%"}


def states(ssm, command):
    """How many nodes are in which state."""
    counts = {}
    pages = ssm.get_paginator("list_command_invocations").paginate(
        CommandId=command["CommandId"], PaginationConfig={"PageSize": 50}
    )
    for page in pages:
        for invocation in page["CommandInvocations"]:
            counts[invocation["StatusDetails"]] = counts.get(invocation["StatusDetails"], 0) + 1
    return counts


def checked(fleet, command, nodes):
    """The fleet's own books: every node ran the command once."""
    report = fleet.report()
    told = report["commands"][command["CommandId"]]
    assert report["exactly_once"], report
    assert (told["nodes"], told["executed_once"], told["executed_more_than_once"]) == (nodes, nodes, 0)
    return report


def test_a_command_to_all_by_tag(make_server, make_fleet):
    server = make_server()
    fleet = make_fleet(server, 300)
    ssm = server.client()
    command = shell(ssm, None, "true", **TO_ALL)
    done = command_finished(ssm, command, within=SLOW)
    assert (done["Status"], done["TargetCount"], done["CompletedCount"], done["ErrorCount"]) == ("Success", 300, 300, 0)
    assert states(ssm, command) == {"Success": 300}
    checked(fleet, command, 300)


def test_some_fail(make_server, make_fleet):
    server = make_server()
    make_fleet(server, 40, script="answer=failed,exit-code=9")
    ssm = server.client()
    command = shell(ssm, None, "true", **TO_ALL)
    done = command_finished(ssm, command, within=SLOW)
    assert (done["CompletedCount"], done["ErrorCount"]) == (40, 40)
    assert states(ssm, command) == {"Failed": 40}


@pytest.mark.parametrize("style", ["muster", "official"])
def test_agents_of_both_styles(make_server, make_fleet, style):
    server = make_server()
    fleet = make_fleet(server, 30, script=f"style={style},steps=3,stdout=hello,duplicates=1")
    ssm = server.client()
    command = shell(ssm, None, "true", **TO_ALL)
    assert command_finished(ssm, command, within=SLOW)["Status"] == "Success"
    checked(fleet, command, 30)


@pytest.mark.parametrize("stage", ["receipt", "before-ack", "after-ack", "before-final", "after-final"])
def test_connections_that_break_at_every_stage(make_server, make_fleet, stage):
    server = make_server()
    fleet = make_fleet(server, 60, script=f"delay=50ms..500ms,cut={stage}")
    ssm = server.client()
    command = shell(ssm, None, "true", **TO_ALL)
    done = command_finished(ssm, command, within=SLOW)
    assert (done["Status"], done["CompletedCount"]) == ("Success", 60)
    report = checked(fleet, command, 60)
    assert report["cut"] > 0


def test_two_connections_under_each_identity(make_server, make_fleet):
    server = make_server()
    fleet = make_fleet(server, 30, script="twins,delay=10ms..200ms")
    ssm = server.client()
    for _ in range(3):
        command = shell(ssm, None, "true", **TO_ALL)
        done = command_finished(ssm, command, within=SLOW)
        assert (done["Status"], done["CompletedCount"]) == ("Success", 30)
    checked(fleet, command, 30)


def test_the_server_is_killed_while_500_nodes_run_a_command(make_server, make_fleet):
    server = make_server()
    fleet = make_fleet(server, 500, script="delay=1s..6s")
    ssm = server.client()
    command = shell(ssm, None, "true", **TO_ALL)
    eventually(
        lambda: 20 <= command_state(ssm, command)["CompletedCount"] < 450,
        within=60,
        what="some of the nodes have answered, not all",
    )
    server.kill()
    server.start()
    done = command_finished(ssm, command, within=SLOW)
    assert (done["Status"], done["TargetCount"], done["CompletedCount"]) == ("Success", 500, 500)
    assert states(ssm, command) == {"Success": 500}
    checked(fleet, command, 500)
