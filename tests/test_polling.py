"""Agents that fetch their messages: the legacy path (ec2messages), spoken here as an old agent speaks it."""

import json
import uuid

import pytest

from support.clients import json_request, send, sign
from support.commands import finished, invocation, shell
from support.node import node_credentials
from support.waiting import eventually

PREFIX = "EC2WindowsMessageDeliveryService"


class OldAgent:
    """A registered node without a control channel."""

    def __init__(self, server, agent):
        self.server = server
        self.node = agent.node
        self.keys = node_credentials(server, agent)

    def call(self, operation, **body):
        request = json_request(self.server.url, operation, body, target_prefix=PREFIX)
        return send(sign(request, self.keys, service="ec2messages"))

    def poll(self):
        answer = self.call(
            "GetMessages", Destination=self.node, MessagesRequestId=str(uuid.uuid4()), VisibilityTimeoutInSeconds=10
        )
        assert answer.status == 200, answer
        return answer.json()["Messages"]

    def reply(self, message, status, stdout=""):
        step = {
            "status": status, "code": 0, "name": "aws:runShellScript", "output": stdout,
            "startDateTime": "2026-01-01T00:00:00.000Z", "endDateTime": "2026-01-01T00:00:01.000Z",
            "outputS3BucketName": "", "outputS3KeyPrefix": "", "stepName": "",
            "standardOutput": stdout, "standardError": "",
        }  # fmt: skip
        content = {
            "additionalInfo": {
                "agent": {"lang": "en-US", "name": "amazon-ssm-agent", "os": "linux", "osver": "1", "ver": "2.3.0.0"},
                "dateTime": "2026-01-01T00:00:01.000Z", "runId": "",
                "runtimeStatusCounts": {status: 1}, "ableToOpenMGSConnection": False,
            },
            "documentStatus": status,
            "documentTraceOutput": "",
            "runtimeStatus": None if status == "InProgress" else {"aws:runShellScript": step},
        }  # fmt: skip
        answer = self.call(
            "SendReply", MessageId=message["MessageId"], Payload=json.dumps(content), ReplyId=str(uuid.uuid4())
        )
        assert answer.status == 200, answer

    def acknowledge(self, message):
        assert self.call("AcknowledgeMessage", MessageId=message["MessageId"]).status == 200


@pytest.fixture
def old_agent(server, make_agent):
    return OldAgent(server, make_agent(server, start=False))


def test_an_old_agent_runs_a_command(ssm, old_agent):
    sent = shell(ssm, old_agent.node, "echo from afar")
    (message,) = eventually(old_agent.poll, what="the message is there")
    assert message["MessageId"] == f"aws.ssm.{sent['CommandId']}.{old_agent.node}"
    assert message["Destination"] == old_agent.node
    assert message["Topic"].startswith("aws.ssm.sendCommand")
    payload = json.loads(message["Payload"])
    assert payload["Parameters"]["commands"] == ["echo from afar"]
    assert payload["DocumentName"] == "AWS-RunShellScript"
    old_agent.reply(message, "InProgress")
    old_agent.acknowledge(message)
    eventually(lambda: invocation(ssm, sent, old_agent.node)["Status"] == "InProgress")
    old_agent.reply(message, "Success", "from afar\n")
    result = finished(ssm, sent, old_agent.node)
    assert (result["Status"], result["StandardOutputContent"]) == ("Success", "from afar\n")


def test_a_message_that_is_not_acknowledged_comes_again(ssm, old_agent):
    shell(ssm, old_agent.node, "true")
    (first,) = eventually(old_agent.poll, what="the message is there")
    (second,) = eventually(old_agent.poll, within=40, what="the message is there again")
    assert first["MessageId"] == second["MessageId"]


def test_cancelling_reaches_an_old_agent(ssm, old_agent):
    sent = shell(ssm, old_agent.node, "sleep 1000")
    (message,) = eventually(old_agent.poll, what="the message is there")
    old_agent.reply(message, "InProgress")
    old_agent.acknowledge(message)
    ssm.cancel_command(CommandId=sent["CommandId"])
    (cancel,) = eventually(old_agent.poll, what="the cancellation is there")
    assert cancel["Topic"].startswith("aws.ssm.cancelCommand")
    assert json.loads(cancel["Payload"])["CancelMessageId"] == message["MessageId"]
    old_agent.acknowledge(cancel)
    old_agent.reply(message, "Cancelled")
    assert finished(ssm, sent, old_agent.node)["Status"] == "Cancelled"


def test_nobody_fetches_anothers_messages(server, ssm, old_agent, make_agent):
    thief = OldAgent(server, make_agent(server, start=False))
    sent = shell(ssm, old_agent.node, "echo private")
    answer = thief.call(
        "GetMessages",
        Destination=old_agent.node,
        MessagesRequestId=str(uuid.uuid4()),
        VisibilityTimeoutInSeconds=10,
    )
    assert answer.status == 400 and "private" not in answer.body.decode()
    message_id = f"aws.ssm.{sent['CommandId']}.{old_agent.node}"
    for operation in ("AcknowledgeMessage", "DeleteMessage"):
        assert thief.call(operation, MessageId=message_id).status == 400
    assert invocation(ssm, sent, old_agent.node)["Status"] == "Pending"


def test_nothing_to_fetch_is_no_error(old_agent):
    assert old_agent.poll() == []
