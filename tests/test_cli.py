"""The `muster` command line, as an operator uses it day by day."""

import json
import re
import signal
import uuid

import pytest

from support.commands import FINAL
from support.process import Process, binary, clean_environment, run
from support.waiting import eventually


@pytest.fixture
def tagged(ssm, agent):
    mark = uuid.uuid4().hex
    ssm.add_tags_to_resource(
        ResourceType="ManagedInstance", ResourceId=agent.node, Tags=[{"Key": "mark", "Value": mark}]
    )
    return mark


def test_a_command_on_one_node(muster, agent):
    """Its two streams are ours, its exit code too."""
    result = muster("run", agent.node, "--", "echo out; echo err >&2; exit 7", expect=7)
    assert result.stdout == "out\n"
    assert result.stderr == "err\nfailed to run commands: exit status 7\n"
    assert muster("run", agent.node, "--", "printf 'no end of line'").stdout == "no end of line\n"


def test_words_reach_the_program_as_they_are(muster, agent):
    result = muster("run", agent.node, "--", "printf", "%s|", "a b", "it's", "$HOME", "*")
    assert result.stdout == "a b|it's|$HOME|*|\n"


def test_a_command_on_nodes_by_tag(muster, agent, tagged):
    result = muster("run", "--tag", f"mark={tagged}", "--", "echo out; exit 3", expect=3)
    assert re.search(rf"^== {agent.node} .*: Failed, exit 3$", result.stdout, re.M)
    assert "out\n" in result.stdout
    assert "0 of 1 nodes succeeded" in result.stderr
    assert muster("run", "--tag", f"mark={tagged}", "--", "true").returncode == 0


def test_a_folder_and_a_time_limit(muster, agent, tmp_path):
    assert muster("run", agent.node, "--directory", tmp_path, "--", "pwd").stdout == f"{tmp_path}\n"
    result = muster("run", agent.node, "--timeout", "5", "--", "sleep 100", expect=137)
    assert f"{agent.node}: ExecutionTimedOut" in result.stderr


def test_ctrl_c_cancels_the_command(environment, ssm, agent, tmp_path):
    mark = f"sleep 100 # {uuid.uuid4().hex}"
    process = Process(
        "muster", [binary("muster"), "run", agent.node, "--", mark], tmp_path / "muster.log", environment=environment
    )

    def found():
        commands = ssm.list_commands(InstanceId=agent.node, MaxResults=20)["Commands"]
        return [c for c in commands if c["Parameters"]["commands"] == [mark] and c["Status"] == "InProgress"]

    (command,) = eventually(found, what="the command runs")
    process.signal(signal.SIGINT)
    assert process.popen.wait(10) == 130

    def state():
        status = ssm.list_commands(CommandId=command["CommandId"])["Commands"][0]["Status"]
        return status if status in FINAL else None

    assert eventually(state, what="the command has ended") == "Cancelled"


def test_what_cannot_be_run(muster, agent):
    result = muster("run", "mi-0123456789abcdef0", "--", "true", expect=3)
    assert "InvalidInstanceId" in result.stderr
    result = muster("run", "--tag", f"nobody={uuid.uuid4()}", "--", "true", expect=3)
    assert "no node matches" in result.stderr
    muster("run", agent.node, expect=2)
    muster("run", "--", "true", expect=2)


def test_nodes_as_a_table_and_as_json(muster, agent, tagged):
    table = muster("nodes").stdout
    assert re.search(rf"{agent.node}\s+Online\s", table), table
    (node,) = json.loads(muster("nodes", "--tag", f"mark={tagged}", "-o", "json").stdout)
    assert node["InstanceId"] == agent.node
    assert json.loads(muster("nodes", "--tag", "mark=none", "-o", "json").stdout) == []
    assert agent.node in muster("nodes", "--status", "Online").stdout


def test_an_activation_from_making_to_deleting(server, muster, make_agent):
    made = json.loads(muster("activation", "create", "--name", "lab", "--tag", "a=b", "-o", "json").stdout)
    assert made["ActivationId"] in muster("activation", "list").stdout
    agent = make_agent(server, register=False)
    assert agent.register_with(made["ActivationId"], made["ActivationCode"]).returncode == 0
    assert re.search(rf"{made['ActivationId']}\s+lab\s+1 of 1", muster("activation", "list").stdout)
    muster("activation", "delete", made["ActivationId"])
    assert made["ActivationId"] not in muster("activation", "list").stdout
    assert "InvalidActivation" in muster("activation", "delete", made["ActivationId"], expect=3).stderr


def test_the_text_of_an_activation_can_be_pasted(server, muster, make_agent):
    """The lines that it prints for the machine that shall join do their work."""
    text = muster("activation", "create").stdout
    lines = [line.strip() for line in text.splitlines()]
    export = next(line for line in lines if line.startswith("export "))
    register = next(line for line in lines if line.startswith("muster-agent register"))
    agent = make_agent(server, register=False)
    script = f"{export}\n{register} --data-dir {agent.data}"
    path = binary("muster-agent").rpartition("/")[0]
    result = run(["sh", "-ec", script], environment=clean_environment(PATH=f"{path}:/usr/bin:/bin"))
    assert result.returncode == 0, result.stderr
    assert agent.registration()["instance_id"].startswith("mi-")


def test_settings_come_from_the_profile_too(server, muster, tmp_path):
    config = tmp_path / "config"
    config.write_text(f"[profile lab]\nendpoint_url = {server.url}\nregion = us-east-1\n")
    keys = tmp_path / "credentials"
    keys.write_text(server.credentials_file.read_text().replace("[default]", "[lab]"))
    clean = {"AWS_ENDPOINT_URL": "", "AWS_REGION": "", "AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(keys)}
    muster("nodes", "--profile", "lab", **clean)
    assert "no server to talk to" in muster("nodes", expect=2, **clean).stderr


def test_errors_are_one_clear_line(muster):
    for changes, expect, words in [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, 3, "cannot reach http://127.0.0.1:1"),
        ({"AWS_ENDPOINT_URL": "127.0.0.1:8765"}, 3, "must begin with http:// or https://"),
        ({"AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}, 2, "no credentials"),
        ({"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}, 3, "UnrecognizedClientException"),
    ]:
        error = muster("nodes", expect=expect, **changes).stderr
        assert error.startswith("error: ") and words in error and error.count("\n") == 1, error


def test_over_tls(make_server, tmp_path):
    server = make_server(tls=True)
    environment = clean_environment(AWS_ENDPOINT_URL=server.url, AWS_SHARED_CREDENTIALS_FILE=server.credentials_file)
    trusting = run([binary("muster"), "nodes", "--ca-bundle", server.ca], environment=environment)
    assert trusting.returncode == 0, trusting.stderr
    stranger = run([binary("muster"), "nodes"], environment=environment)
    assert stranger.returncode == 3 and "certificate" in stranger.stderr


def test_help_and_completions(muster):
    top = muster("--help").stdout
    for command in ("up", "nodes", "run", "activation", "completions"):
        assert re.search(rf"^  {command} ", top, re.M)
        assert "Usage: muster" in muster(command, "--help").stdout
    for shell in ("bash", "zsh", "fish"):
        assert "muster" in muster("completions", shell).stdout
    assert muster("--version").stdout.startswith("muster ")
