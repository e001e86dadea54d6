"""Run Command on a real node, as scripts and people use it: with the aws CLI and with boto3."""

import json
import os
import pathlib
import re
import uuid

import pytest

from support.agent import processes_with
from support.clients import error_of
from support.commands import (
    command_finished,
    command_state,
    finished,
    invocation,
    run_shell,
    shell,
    wait_status,
)
from support.waiting import eventually, never

UNKNOWN = "mi-0123456789abcdef0"


# The way of the command line.


def test_the_cli_sends_waits_and_reads(aws, agent):
    sent = aws(
        "ssm", "send-command", "--document-name", "AWS-RunShellScript", "--instance-ids", agent.node,
        "--comment", "hello", "--parameters", json.dumps({"commands": ["echo out", "echo err >&2"]}),
    )["Command"]  # fmt: skip
    where = ("--command-id", sent["CommandId"], "--instance-id", agent.node)
    # From the very first moment on: no pause between sending and waiting.
    aws("ssm", "wait", "command-executed", *where)
    result = aws("ssm", "get-command-invocation", *where)
    assert result["Status"] == result["StatusDetails"] == "Success"
    assert result["ResponseCode"] == 0
    assert result["StandardOutputContent"] == "out\n"
    assert result["StandardErrorContent"] == "err\n"
    assert result["PluginName"] == "aws:runShellScript"
    assert result["Comment"] == "hello"


def test_the_waiter_tells_a_failure(aws, agent):
    sent = aws(
        "ssm", "send-command", "--document-name", "AWS-RunShellScript", "--instance-ids", agent.node,
        "--parameters", "commands=exit 3",
    )["Command"]  # fmt: skip
    waited = aws.run("ssm", "wait", "command-executed", "--command-id", sent["CommandId"], "--instance-id", agent.node)
    assert waited.returncode == 255
    assert "terminal failure state" in waited.stderr


# What the API says.


def test_a_sent_command_is_described_in_full(ssm, agent):
    sent = shell(ssm, agent.node, "true", Comment="note", TimeoutSeconds=60)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", sent["CommandId"])
    assert sent["Status"] == sent["StatusDetails"] == "Pending"
    assert sent["DocumentName"] == "AWS-RunShellScript"
    assert sent["DocumentVersion"] == "$DEFAULT"
    assert sent["Comment"] == "note"
    assert sent["Parameters"] == {"commands": ["true"]}
    assert sent["InstanceIds"] == [agent.node]
    assert sent["Targets"] == []
    assert sent["TimeoutSeconds"] == 60
    assert sent["TargetCount"] == 1
    assert (sent["MaxConcurrency"], sent["MaxErrors"]) == ("50", "0")
    assert sent["OutputS3BucketName"] == "" and sent["OutputS3Region"] == "us-east-1"
    assert (sent["ExpiresAfter"] - sent["RequestedDateTime"]).total_seconds() == 60 + 3600


def test_a_result_can_be_asked_for_at_once(ssm, agent):
    """GetCommandInvocation right after SendCommand answers; it never says InvocationDoesNotExist."""
    for _ in range(20):
        sent = shell(ssm, agent.node, "true")
        assert invocation(ssm, sent, agent.node)["Status"] in {"Pending", "InProgress", "Success"}
        assert command_state(ssm, sent)["TargetCount"] == 1
        assert len(ssm.list_command_invocations(CommandId=sent["CommandId"])["CommandInvocations"]) == 1
        finished(ssm, sent, agent.node)


def test_the_exit_code_comes_back(ssm, agent):
    result = run_shell(ssm, agent.node, "echo before; exit 7")
    assert (result["Status"], result["StatusDetails"], result["ResponseCode"]) == ("Failed", "Failed", 7)
    assert result["StandardOutputContent"] == "before\n"
    assert result["StandardErrorContent"] == "failed to run commands: exit status 7"


def test_times_are_told_as_the_service_does(ssm, agent):
    result = run_shell(ssm, agent.node, "true")
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(stamp, result["ExecutionStartDateTime"])
    assert re.fullmatch(stamp, result["ExecutionEndDateTime"])
    assert re.fullmatch(r"PT\d+(\.\d+)?S", result["ExecutionElapsedTime"])


def test_several_commands_are_one_script(ssm, agent):
    result = run_shell(ssm, agent.node, "x=5", "cd /", "echo $x $PWD")
    assert result["StandardOutputContent"] == "5 /\n"


def test_a_working_directory(ssm, agent, tmp_path):
    result = run_shell(ssm, agent.node, "pwd", parameters={"workingDirectory": [str(tmp_path)]})
    assert result["StandardOutputContent"] == f"{tmp_path}\n"


def test_bytes_that_are_no_text_break_nothing(ssm, agent):
    result = run_shell(ssm, agent.node, r"printf 'a\377b\000c\033[1m'; echo; echo ünïcödé ✓")
    assert result["Status"] == "Success"
    assert result["StandardOutputContent"].endswith("ünïcödé ✓\n")


def test_a_script_has_no_terminal_and_no_input(ssm, agent):
    result = run_shell(ssm, agent.node, "cat; test -t 0 || echo no terminal")
    assert result["StandardOutputContent"] == "no terminal\n"


def test_parameters_are_text_to_the_document_not_to_the_shell_of_the_agent(ssm, agent):
    result = run_shell(ssm, agent.node, "echo '{{ commands }}' \"$(echo $((1+1)))\" `echo x`")
    assert result["StandardOutputContent"].endswith(" 2 x\n")


def test_long_output_is_cut_in_the_api_and_kept_in_full(server, ssm, agent):
    mark = uuid.uuid4().hex
    result = run_shell(ssm, agent.node, f"seq 1 20000; echo {mark}; seq 1 5000 >&2")
    full = "".join(f"{n}\n" for n in range(1, 20001)) + f"{mark}\n"
    shown = result["StandardOutputContent"]
    assert len(shown) <= 24_000 and full.startswith(shown[:20_000])
    assert len(result["StandardErrorContent"]) <= 8_000
    kept = [path for path in (server.data / "blobs").rglob("*") if path.is_file() and path.stat().st_size == len(full)]
    assert any(path.read_text() == full for path in kept), "the whole output is in the blob store"


def test_lists_tell_the_details(ssm, agent):
    sent = shell(ssm, agent.node, "echo out; echo err >&2; exit 2", Comment="listed")
    finished(ssm, sent, agent.node)
    (entry,) = ssm.list_command_invocations(CommandId=sent["CommandId"], Details=True)["CommandInvocations"]
    assert entry["InstanceId"] == agent.node
    assert entry["Comment"] == "listed"
    assert entry["DocumentName"] == "AWS-RunShellScript"
    assert (entry["Status"], entry["StatusDetails"]) == ("Failed", "Failed")
    (plugin,) = entry["CommandPlugins"]
    assert plugin["Name"] == "aws:runShellScript"
    assert plugin["ResponseCode"] == 2
    assert plugin["Output"] == "out\n\n----------ERROR-------\nerr\nfailed to run commands: exit status 2"
    assert plugin["ResponseStartDateTime"] <= plugin["ResponseFinishDateTime"]
    (brief,) = ssm.list_command_invocations(CommandId=sent["CommandId"])["CommandInvocations"]
    assert not brief.get("CommandPlugins")


def test_a_plugin_can_be_asked_for_by_name(ssm, agent):
    sent = shell(ssm, agent.node, "echo hi")
    finished(ssm, sent, agent.node)
    named = ssm.get_command_invocation(
        CommandId=sent["CommandId"], InstanceId=agent.node, PluginName="aws:runShellScript"
    )
    assert named["StandardOutputContent"] == "hi\n"
    refusal = error_of(
        ssm.get_command_invocation, CommandId=sent["CommandId"], InstanceId=agent.node, PluginName="aws:other"
    )
    assert refusal.code == "InvalidPluginName"


def test_commands_are_listed_newest_first_and_filtered(ssm, agent):
    ids = [shell(ssm, agent.node, "true")["CommandId"] for _ in range(3)]
    listed = [c["CommandId"] for c in ssm.list_commands(MaxResults=3)["Commands"]]
    assert listed == ids[::-1]
    pages = ssm.get_paginator("list_commands").paginate(InstanceId=agent.node, PaginationConfig={"PageSize": 2})
    everything = [c["CommandId"] for page in pages for c in page["Commands"]]
    assert len(everything) == len(set(everything)) and set(ids) <= set(everything)
    by_name = ssm.list_commands(Filters=[{"key": "DocumentName", "value": "AWS-RunPowerShellScript"}])["Commands"]
    assert not {c["CommandId"] for c in by_name} & set(ids)
    for command_id in ids:
        finished(ssm, {"CommandId": command_id}, agent.node)
    done = ssm.list_commands(Filters=[{"key": "Status", "value": "Success"}])["Commands"]
    assert set(ids) <= {c["CommandId"] for c in done}
    assert ssm.list_commands(CommandId=str(uuid.uuid4()))["Commands"] == []


def test_what_does_not_exist(ssm, agent):
    unknown = str(uuid.uuid4())
    refusal = error_of(ssm.get_command_invocation, CommandId=unknown, InstanceId=agent.node)
    assert refusal.code == "InvocationDoesNotExist"
    refusal = error_of(ssm.cancel_command, CommandId=unknown)
    assert refusal.code == "InvalidCommandId"
    assert ssm.list_command_invocations(CommandId=unknown)["CommandInvocations"] == []


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"DocumentName": "AWS-NoSuchDocument"}, "InvalidDocument"),
        ({"DocumentVersion": "99"}, "InvalidDocumentVersion"),
        ({"InstanceIds": [UNKNOWN]}, "InvalidInstanceId"),
        ({"Parameters": {"commands": ["true"], "colour": ["blue"]}}, "InvalidParameters"),
        ({"Parameters": {}}, "InvalidParameters"),
        ({"Parameters": {"commands": ["true"], "executionTimeout": ["soon"]}}, "InvalidParameters"),
        ({"Parameters": {"commands": ["x" * 100_000]}}, "MaxDocumentSizeExceeded"),
        ({"InstanceIds": [], "Targets": []}, "ValidationException"),
    ],
)
def test_what_cannot_be_sent(ssm, agent, request_, code):
    good = {
        "DocumentName": "AWS-RunShellScript",
        "InstanceIds": [agent.node],
        "Parameters": {"commands": ["true"]},
    }
    assert error_of(ssm.send_command, **(good | request_)).code == code


def test_one_unknown_node_refuses_the_whole_command(ssm, agent):
    before = len(ssm.list_commands(InstanceId=agent.node)["Commands"])
    refusal = error_of(
        ssm.send_command, DocumentName="AWS-RunShellScript", InstanceIds=[agent.node, UNKNOWN], Parameters={"commands": ["true"]}
    )
    assert refusal.code == "InvalidInstanceId"
    assert len(ssm.list_commands(InstanceId=agent.node)["Commands"]) == before


def test_a_node_twice_is_refused(ssm, agent):
    refusal = error_of(
        ssm.send_command, DocumentName="AWS-RunShellScript", InstanceIds=[agent.node] * 2, Parameters={"commands": ["true"]}
    )
    assert refusal.code == "DuplicateInstanceId"


# Targets.


def test_targets_by_tag(server, ssm, agent, make_agent):
    other = make_agent(server)
    mark = uuid.uuid4().hex
    for node, group in [(agent.node, "a"), (other.node, "b")]:
        ssm.add_tags_to_resource(
            ResourceType="ManagedInstance",
            ResourceId=node,
            Tags=[{"Key": "mark", "Value": mark}, {"Key": "group", "Value": group}],
        )

    def reached(*targets):
        sent = shell(ssm, None, "true", Targets=[{"Key": key, "Values": values} for key, values in targets])
        assert sent["InstanceIds"] == []
        done = command_finished(ssm, sent)
        invocations = ssm.list_command_invocations(CommandId=sent["CommandId"])["CommandInvocations"]
        assert done["TargetCount"] == len(invocations)
        return {i["InstanceId"] for i in invocations}, done["StatusDetails"]

    both = {agent.node, other.node}
    assert reached(("tag:mark", [mark])) == (both, "Success")
    assert reached(("tag:mark", [mark]), ("tag:group", ["b"])) == ({other.node}, "Success")
    assert reached(("tag:group", ["a", "b"]), ("tag:mark", [mark])) == (both, "Success")
    assert reached(("InstanceIds", [other.node])) == ({other.node}, "Success")
    assert reached(("tag:mark", ["nobody"])) == (set(), "NoInstancesInTag")


def test_too_many_errors_end_a_command(server, ssm, agent, make_agent):
    """With one at a time and no error allowed, the first failure keeps the rest from starting."""
    others = [make_agent(server) for _ in range(2)]
    nodes = [agent.node, *(other.node for other in others)]
    sent = shell(ssm, nodes, "exit 1", MaxConcurrency="1", MaxErrors="0")
    done = command_finished(ssm, sent)
    assert (done["Status"], done["StatusDetails"]) == ("Failed", "Failed")
    states = sorted(
        i["StatusDetails"] for i in ssm.list_command_invocations(CommandId=sent["CommandId"])["CommandInvocations"]
    )
    assert states == ["Failed", "Terminated", "Terminated"]
    assert done["ErrorCount"] == 1


# Time-outs and cancelling.


def marked(mark):
    """Programs that a script started with a mark in their environment."""
    return [pid for pid in processes_with(f"MUSTER_TEST_MARK={mark}") if state(pid) not in "ZX"]


def state(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def family(mark):
    """A script with children that ignore friendly signals, all carrying the mark."""
    return f"export MUSTER_TEST_MARK={mark}; (trap '' TERM INT HUP; sleep 300 & sleep 300) & sleep 300 & echo started; wait"


def test_a_script_that_takes_too_long_is_killed_with_all_it_started(ssm, agent):
    mark = uuid.uuid4().hex
    sent = shell(ssm, agent.node, family(mark), parameters={"executionTimeout": ["5"]})
    eventually(lambda: len(marked(mark)) == 3, what="all that the script starts is running")
    result = finished(ssm, sent, agent.node)
    assert (result["Status"], result["StatusDetails"]) == ("TimedOut", "ExecutionTimedOut")
    assert result["StandardOutputContent"] == "started\n"
    eventually(lambda: not marked(mark), within=5, what="nothing of the script is left")
    whole = command_finished(ssm, sent)
    assert (whole["Status"], whole["ErrorCount"]) == ("Failed", 1)


def test_cancelling_kills_all_that_a_script_started(ssm, agent):
    mark = uuid.uuid4().hex
    sent = shell(ssm, agent.node, family(mark))
    eventually(lambda: len(marked(mark)) == 3, what="all that the script starts is running")
    wait_status(ssm, sent, agent.node, "InProgress")
    ssm.cancel_command(CommandId=sent["CommandId"])
    result = finished(ssm, sent, agent.node)
    assert (result["Status"], result["StatusDetails"], result["ResponseCode"]) == ("Cancelled", "Cancelled", 137)
    eventually(lambda: not marked(mark), within=5, what="nothing of the script is left")
    whole = command_finished(ssm, sent)
    assert (whole["Status"], whole["CompletedCount"], whole["ErrorCount"]) == ("Cancelled", 1, 0)
    # Once more changes nothing.
    ssm.cancel_command(CommandId=sent["CommandId"])
    assert invocation(ssm, sent, agent.node)["Status"] == "Cancelled"


def test_a_command_that_was_not_delivered_can_be_cancelled(server, ssm, make_agent, tmp_path):
    absent = make_agent(server, start=False)
    trace = tmp_path / "trace"
    sent = shell(ssm, absent.node, f"touch {trace}")
    ssm.cancel_command(CommandId=sent["CommandId"])
    result = finished(ssm, sent, absent.node)
    assert (result["Status"], result["ResponseCode"]) == ("Cancelled", -1)
    absent.start()
    assert run_shell(ssm, absent.node, "true")["Status"] == "Success"
    assert not trace.exists()


def test_a_command_waits_for_its_node(server, ssm, make_agent):
    absent = make_agent(server, start=False)
    sent = shell(ssm, absent.node, "echo at last")
    never(lambda: invocation(ssm, sent, absent.node)["Status"] != "Pending", what="the command left Pending")
    absent.start()
    assert finished(ssm, sent, absent.node)["StandardOutputContent"] == "at last\n"


@pytest.mark.timeout(120)
def test_a_command_that_nobody_fetches_times_out(server, ssm, make_agent):
    absent = make_agent(server, start=False)
    sent = shell(ssm, absent.node, "true", TimeoutSeconds=30, parameters={"executionTimeout": ["5"]})
    result = finished(ssm, sent, absent.node, within=60)
    assert (result["Status"], result["StatusDetails"], result["ResponseCode"]) == ("TimedOut", "DeliveryTimedOut", -1)
    whole = command_finished(ssm, sent)
    assert (whole["StatusDetails"], whole["DeliveryTimedOutCount"], whole["ErrorCount"]) == ("DeliveryTimedOut", 1, 0)


def test_many_commands_at_once_all_run_once(ssm, agent, tmp_path):
    trace = tmp_path / "trace"
    sent = [shell(ssm, agent.node, f"echo {number} >> {trace}") for number in range(30)]
    for command in sent:
        assert finished(ssm, command, agent.node, within=60)["Status"] == "Success"
    assert sorted(map(int, trace.read_text().split())) == list(range(30))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can show that it stays root")
def test_a_script_runs_as_the_user_of_the_agent(ssm, agent):
    assert run_shell(ssm, agent.node, "id -un")["StandardOutputContent"] == "root\n"
