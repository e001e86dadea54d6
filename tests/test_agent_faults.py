"""Whatever dies or is cut, at whatever moment: a command runs exactly once, and its result arrives.

The scripts here wait for a file, so that each fault strikes at a known moment; a trace file tells how often they ran.
"""

import os
import signal
import subprocess
import uuid

import pytest

from support.agent import processes_with
from support.commands import FINAL, finished, invocation, run_shell, shell, wait_status
from support.waiting import eventually


class Script:
    """A script that says when it starts, waits to be let go, and says when it ends."""

    def __init__(self, folder):
        self.trace = folder / "trace"
        self.gate = folder / "gate"
        self.mark = uuid.uuid4().hex
        self.lines = [
            f"export MUSTER_TEST_MARK={self.mark}",
            "echo first words",
            f"echo start >> {self.trace}",
            f"while [ ! -e {self.gate} ]; do sleep 0.05; done",
            "echo last words",
            f"echo end >> {self.trace}",
        ]

    def events(self):
        return self.trace.read_text().split() if self.trace.exists() else []

    def wait_started(self):
        eventually(lambda: self.events() == ["start"], what="the script has started")

    def wait_ended(self):
        eventually(lambda: "end" in self.events(), what="the script has ended")

    def let_go(self):
        self.gate.touch()

    def check(self, result):
        """It ran once, from beginning to end, and all of it was told."""
        assert self.events() == ["start", "end"]
        assert (result["Status"], result["ResponseCode"]) == ("Success", 0), result
        assert result["StandardOutputContent"] == "first words\nlast words\n"


@pytest.fixture
def script(tmp_path):
    return Script(tmp_path)


@pytest.fixture
def server(make_server):
    return make_server()


@pytest.fixture
def ssm(server):
    return server.client()


@pytest.fixture
def relay(server, make_relay):
    return make_relay(server)


# Processes that die.


def test_the_agent_is_killed_while_a_step_runs(server, ssm, make_agent, script):
    agent = make_agent(server)
    sent = shell(ssm, agent.node, *script.lines)
    script.wait_started()
    agent.kill()
    agent.start()
    script.let_go()
    script.check(finished(ssm, sent, agent.node))


def test_a_step_ends_while_the_agent_is_dead(server, ssm, make_agent, script):
    agent = make_agent(server)
    sent = shell(ssm, agent.node, *script.lines)
    script.wait_started()
    agent.kill()
    script.let_go()
    script.wait_ended()
    assert invocation(ssm, sent, agent.node)["Status"] not in FINAL
    agent.start()
    script.check(finished(ssm, sent, agent.node))


def test_the_agent_is_killed_again_and_again(server, ssm, make_agent, tmp_path):
    agent = make_agent(server)
    trace = tmp_path / "trace"
    sent = []
    for number in range(6):
        sent.append(shell(ssm, agent.node, f"echo {number} >> {trace}"))
        agent.kill()
        agent.start()
    for command in sent:
        assert finished(ssm, command, agent.node, within=60)["Status"] == "Success"
    assert sorted(trace.read_text().split()) == [str(number) for number in range(6)]


def test_a_worker_that_dies_fails_its_command_and_no_other(server, ssm, make_agent, script):
    agent = make_agent(server)
    sent = shell(ssm, agent.node, *script.lines)
    script.wait_started()
    workers = [pid for pid in processes_with(str(agent.data)) if pid != agent.process.pid and is_agent(pid)]
    assert workers, "a document runs in a process of its own"
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    result = finished(ssm, sent, agent.node)
    assert result["Status"] == "Failed"
    assert run_shell(ssm, agent.node, "echo fine")["StandardOutputContent"] == "fine\n"
    script.let_go()


def is_agent(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe").endswith("muster-agent")
    except OSError:
        return False


def test_the_server_is_killed_while_a_step_runs(server, ssm, make_agent, script):
    agent = make_agent(server)
    sent = shell(ssm, agent.node, *script.lines)
    script.wait_started()
    server.kill()
    server.start()
    script.let_go()
    script.check(finished(ssm, sent, agent.node, within=60))


def test_a_step_ends_while_the_server_is_dead(server, ssm, make_agent, script):
    agent = make_agent(server)
    sent = shell(ssm, agent.node, *script.lines)
    script.wait_started()
    server.kill()
    script.let_go()
    script.wait_ended()
    server.start()
    script.check(finished(ssm, sent, agent.node, within=60))


def test_both_are_killed_and_nothing_is_lost(server, ssm, make_agent, script):
    agent = make_agent(server)
    sent = shell(ssm, agent.node, *script.lines)
    script.wait_started()
    agent.kill()
    server.kill()
    script.let_go()
    script.wait_ended()
    server.start()
    agent.start()
    script.check(finished(ssm, sent, agent.node))


def test_a_command_acknowledged_by_the_api_survives_the_server(server, ssm, make_agent):
    """What SendCommand has answered is durable: killed at once, the server delivers it in its next life."""
    agent = make_agent(server, start=False)
    sent = [shell(ssm, agent.node, f"echo {number}") for number in range(5)]
    server.kill()
    server.start()
    agent.start()
    for number, command in enumerate(sent):
        assert finished(ssm, command, agent.node)["StandardOutputContent"] == f"{number}\n"


# Connections that break.


def connected_through(relay, server, make_agent):
    return make_agent(server, endpoint=relay.url)


def test_cut_before_the_job_arrives(server, ssm, make_agent, relay, script):
    agent = connected_through(relay, server, make_agent)
    relay.hold("down")
    sent = shell(ssm, agent.node, *script.lines)
    relay.drop_connections()
    relay.mend()
    script.wait_started()
    script.let_go()
    script.check(finished(ssm, sent, agent.node, within=60))


def test_cut_before_the_job_is_acknowledged(server, ssm, make_agent, relay, script):
    agent = connected_through(relay, server, make_agent)
    relay.hold("up")
    sent = shell(ssm, agent.node, *script.lines)
    script.wait_started()
    relay.drop_connections()
    relay.mend()
    agent.wait_connected()
    script.let_go()
    script.check(finished(ssm, sent, agent.node, within=60))


def test_cut_while_the_step_writes_output(server, ssm, make_agent, relay, script):
    agent = connected_through(relay, server, make_agent)
    sent = shell(ssm, agent.node, *script.lines)
    script.wait_started()
    wait_status(ssm, sent, agent.node, "InProgress")
    for _ in range(3):
        relay.drop_connections()
        agent.wait_connected()
    script.let_go()
    script.check(finished(ssm, sent, agent.node, within=60))


def test_cut_before_the_final_reply(server, ssm, make_agent, relay, script):
    agent = connected_through(relay, server, make_agent)
    sent = shell(ssm, agent.node, *script.lines)
    script.wait_started()
    relay.cut()
    script.let_go()
    script.wait_ended()
    assert invocation(ssm, sent, agent.node)["Status"] not in FINAL
    relay.mend()
    script.check(finished(ssm, sent, agent.node, within=60))


def test_cut_before_the_final_reply_is_acknowledged(server, ssm, make_agent, relay, script):
    agent = connected_through(relay, server, make_agent)
    sent = shell(ssm, agent.node, *script.lines)
    script.wait_started()
    wait_status(ssm, sent, agent.node, "InProgress")
    relay.hold("down")
    script.let_go()
    finished(ssm, sent, agent.node)
    relay.drop_connections()
    relay.mend()
    agent.wait_connected()
    # The agent tells it once more; that changes nothing.
    assert run_shell(ssm, agent.node, "echo next", within=60)["StandardOutputContent"] == "next\n"
    script.check(invocation(ssm, sent, agent.node))


def test_channels_in_a_row_lose_nothing(server, ssm, make_agent, relay, tmp_path):
    """A channel that is closed again and again, as a service rotates them, while commands come and end."""
    agent = connected_through(relay, server, make_agent)
    trace = tmp_path / "trace"
    sent = []
    for number in range(24):
        sent.append(shell(ssm, agent.node, f"echo {number} >> {trace}; echo {number}"))
        if number % 4 == 3:
            relay.drop_connections()
    for number, command in enumerate(sent):
        result = finished(ssm, command, agent.node, within=60)
        assert (result["Status"], result["StandardOutputContent"]) == ("Success", f"{number}\n")
    assert sorted(map(int, trace.read_text().split())) == list(range(24))


def test_the_server_is_gone_for_a_while(server, ssm, make_agent, tmp_path):
    """Results of several commands wait on the node, and all arrive."""
    agent = make_agent(server)
    scripts = []
    for number in range(4):
        folder = tmp_path / f"script-{number}"
        folder.mkdir()
        scripts.append(Script(folder))
    sent = [shell(ssm, agent.node, *script.lines) for script in scripts]
    for script in scripts:
        script.wait_started()
    server.stop()
    for script in scripts:
        script.let_go()
        script.wait_ended()
    server.start()
    for script, command in zip(scripts, sent, strict=True):
        script.check(finished(ssm, command, agent.node, within=60))


def test_an_old_connection_that_nobody_closed_does_no_harm(server, ssm, make_agent, relay):
    """The network forgets a connection without a word; the node is back on a new one at once."""
    agent = connected_through(relay, server, make_agent)
    relay.freeze()
    agent.kill()
    agent.start(online=False)
    eventually(lambda: agent.process.log().count("connected to") == 2, what="the agent has a new connection")
    for number in range(3):
        result = run_shell(ssm, agent.node, f"echo {number}", within=60)
        assert result["StandardOutputContent"] == f"{number}\n"


# Surroundings that are not as they should be.


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_node_whose_clock_is_off(server, ssm, make_agent, minutes):
    """It is told so in clear words, keeps working, and does not knock without end."""
    agent = make_agent(
        server, start=False, environment={"MUSTER_AGENT_CLOCK_OFFSET_MS": minutes * 60_000}
    )
    agent.start()
    assert "clock" in agent.process.log()
    assert run_shell(ssm, agent.node, "echo in time")["StandardOutputContent"] == "in time\n"
    refused = server.process.log().count("InvalidSignatureException")
    assert refused <= 4, f"{refused} refused requests"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", folder], capture_output=True, check=False)
    if mount.returncode != 0:
        pytest.skip("this user may not mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_on_the_node(server, ssm, make_agent, small_disk):
    """The node says what is wrong, loses no command, and works again when there is room."""
    agent = make_agent(server, register=False)
    agent.folder.mkdir()
    agent.data.symlink_to(small_disk)
    agent.register().start()
    assert run_shell(ssm, agent.node, "echo room")["StandardOutputContent"] == "room\n"
    result = run_shell(ssm, agent.node, "head -c 3000000 /dev/zero | tr '\\0' x; exit 4")
    assert (result["Status"], result["ResponseCode"]) == ("Failed", 4)
    filler = small_disk / "filler"
    with pytest.raises(OSError), open(filler, "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 1024)
    during = shell(ssm, agent.node, "echo later")
    eventually(
        lambda: invocation(ssm, during, agent.node)["Status"] in FINAL or "space" in agent.process.log().lower(),
        within=30,
        what="the agent says that its disk is full",
    )
    filler.unlink()
    assert finished(ssm, during, agent.node, within=90)["Status"] in ("Success", "Failed")
    assert run_shell(ssm, agent.node, "echo room again", within=60)["StandardOutputContent"] == "room again\n"
