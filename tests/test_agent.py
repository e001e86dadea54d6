"""The agent as a program on a machine: what it tells, what it leaves, how it starts and stops, how it gets out."""

import json
import os
import re
import select
import shutil
import signal
import socket
import threading

import pytest

from support.agent import processes_with
from support.commands import finished, run_shell, shell
from support.process import binary, clean_environment, run
from support.waiting import eventually


def call(agent, *words, expect=0):
    result = run([binary("muster-agent"), *words, "--data-dir", agent.data], environment=agent.environment)
    assert result.returncode == expect, f"exit {result.returncode}: {result.stdout}{result.stderr}"
    return result


def test_an_idle_node_is_one_process(ssm, agent):
    run_shell(ssm, agent.node, "true")
    eventually(lambda: processes_with(str(agent.data)) == [agent.process.pid], what="only the agent itself is left")


def test_status(ssm, agent):
    def connected():
        status = json.loads(call(agent, "status", "--output", "json").stdout)
        return status if status["Connected"] else None

    status = eventually(connected, what="the agent says that it is connected")
    assert status["InstanceId"] == agent.node
    assert status["Region"] == "us-east-1"
    assert status["Running"] is True
    assert agent.node in call(agent, "status").stdout


def test_status_of_a_machine_that_is_no_node(server, make_agent):
    stranger = make_agent(server, register=False)
    assert "not registered" in call(stranger, "status", expect=3).stderr
    assert "muster-agent register" in call(stranger, "run", expect=3).stderr


def test_diagnostics(server, agent, make_agent):
    checks = json.loads(call(agent, "diagnostics", "--output", "json").stdout)
    text = json.dumps(checks)
    assert "Success" in text and "Failed" not in text
    lonely = make_agent(server, start=False)
    registration = lonely.registration() | {"endpoint": "http://127.0.0.1:1"}
    (lonely.data / "registration.json").write_text(json.dumps(registration))
    result = call(lonely, "diagnostics", expect=1)
    assert "Failed" in result.stdout and "127.0.0.1:1" in result.stdout


def test_two_agents_do_not_share_a_folder(agent):
    assert "runs" in call(agent, "run", expect=4).stderr
    assert agent.process.running


def test_the_service_of_systemd(agent, tmp_path):
    unit = call(agent, "install", "--print").stdout
    assert f"run --data-dir {agent.data}" in unit
    assert "Restart=always" in unit and "KillMode=process" in unit
    if shutil.which("systemd-analyze"):
        file = tmp_path / "muster-agent.service"
        file.write_text(unit)
        verified = run(["systemd-analyze", "verify", file])
        assert "muster-agent.service" not in verified.stderr, verified.stderr


def test_an_agent_that_is_stopped_leaves_its_work_running(server, ssm, make_agent, tmp_path):
    """A restart, as for an upgrade: SIGTERM ends the agent at once, not the document; the next agent reports it."""
    agent = make_agent(server)
    gate, trace = tmp_path / "gate", tmp_path / "trace"
    sent = shell(ssm, agent.node, f"echo begin >> {trace}; while [ ! -e {gate} ]; do sleep 0.05; done; echo done")
    eventually(trace.exists, what="the script runs")
    agent.stop()
    agent.start()
    gate.touch()
    result = finished(ssm, sent, agent.node)
    assert (result["Status"], result["StandardOutputContent"]) == ("Success", "done\n")
    assert trace.read_text() == "begin\n"


def test_nothing_of_a_node_is_for_other_users(ssm, agent):
    run_shell(ssm, agent.node, "echo secret")
    for path in [agent.data, *agent.data.rglob("*")]:
        assert path.lstat().st_mode & 0o077 == 0, path


def test_a_script_does_not_see_the_agents_secrets(server, ssm, make_agent):
    agent = make_agent(server, environment={"MUSTER_ACTIVATION_CODE": "very-secret"})
    result = run_shell(ssm, agent.node, "env; tr '\\0' '\\n' < /proc/$PPID/cmdline")
    assert "very-secret" not in result["StandardOutputContent"]
    assert f"AWS_SSM_INSTANCE_ID={agent.node}" in result["StandardOutputContent"]


def test_the_log_has_no_secrets(server, ssm, make_agent):
    agent = make_agent(server, environment={"MUSTER_LOG": "debug"})
    run_shell(ssm, agent.node, "echo parameter-of-a-command")
    log = agent.process.log()
    assert agent.registration()["private_key"] not in log
    assert not re.search(r"SecretAccessKey|AWS4-HMAC-SHA256 Credential|X-Amz-Security-Token: \S", log)


# Ways out.


class ConnectProxy:
    """An HTTP proxy that opens tunnels, and notes where to."""

    def __init__(self):
        self.targets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(near,), daemon=True).start()

    def _tunnel(self, near):
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = near.recv(4096)
            if not chunk:
                return
            head += chunk
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        self.targets.append((method, target))
        # Whatever name the node asks for: there is one server.
        far = socket.create_connection(("127.0.0.1", int(target.rpartition(":")[2])))
        near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        while True:
            for side in select.select([near, far], [], [])[0]:
                try:
                    data = side.recv(65536)
                    (far if side is near else near).sendall(data)
                except OSError:
                    data = b""
                if not data:
                    near.close()
                    far.close()
                    return

    def close(self):
        self.listener.close()


@pytest.fixture
def proxy():
    proxy = ConnectProxy()
    yield proxy
    proxy.close()


def test_through_a_proxy(make_server, make_agent, proxy):
    """By a name that only the proxy can resolve: nothing goes past it."""
    server = make_server(tls=True)
    server.stop()
    server.start("--public-url", f"https://muster.invalid:{server.port}")
    agent = make_agent(
        server,
        endpoint=f"https://muster.invalid:{server.port}",
        environment={"https_proxy": f"http://127.0.0.1:{proxy.port}"},
    )
    assert run_shell(server.client(), agent.node, "echo through")["StandardOutputContent"] == "through\n"
    assert set(proxy.targets) == {("CONNECT", f"muster.invalid:{server.port}")}


def test_past_a_proxy_where_the_environment_says_so(server, ssm, make_agent, proxy):
    agent = make_agent(
        server,
        environment={"http_proxy": f"http://127.0.0.1:{proxy.port}", "no_proxy": "127.0.0.1,localhost"},
    )
    assert run_shell(ssm, agent.node, "echo past")["StandardOutputContent"] == "past\n"
    assert proxy.targets == []


def test_help_names_every_command():
    text = run([binary("muster-agent"), "--help"], environment=clean_environment()).stdout
    for command in ("register", "run", "status", "diagnostics", "install", "completions"):
        assert re.search(rf"^  {command} ", text, re.M), text
    assert "Exit codes" in text


def test_powershell_where_there_is_none_fails_clearly(ssm, agent):
    if shutil.which("pwsh"):
        expected = ("Success", "5\n")
    else:
        expected = ("Failed", "")
    sent = ssm.send_command(
        DocumentName="AWS-RunPowerShellScript", InstanceIds=[agent.node], Parameters={"commands": ["2 + 3"]}
    )["Command"]
    result = finished(ssm, sent, agent.node, within=60)
    assert (result["Status"], result["StandardOutputContent"]) == expected
    if expected[0] == "Failed":
        assert "pwsh" in result["StandardErrorContent"]


def test_it_ends_on_ctrl_c_as_well(server, make_agent):
    agent = make_agent(server)
    os.kill(agent.process.pid, signal.SIGINT)
    assert agent.process.popen.wait(10) == 0
