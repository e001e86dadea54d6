"""The audit trail: every call is a CloudTrail record, found at once, exported, and proven against changes."""

import datetime
import gzip
import json
import re

import botocore.exceptions
import pytest

from support.clients import Keys, error_of
from support.waiting import eventually

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
ACCOUNT = "000000000000"
REGION = "us-east-1"
# The role of nodes that every account is born with.
ROLE = "service-role/AmazonEC2RunCommandRoleForManagedInstances"


@pytest.fixture(scope="module")
def trail(server):
    return server.client("cloudtrail")


def look_up(trail, name=None, **more):
    attributes = [{"AttributeKey": "EventName", "AttributeValue": name}] if name else []
    pages = trail.get_paginator("lookup_events").paginate(LookupAttributes=attributes, **more)
    return [event for page in pages for event in page["Events"]]


def record_of(event):
    return json.loads(event["CloudTrailEvent"])


# What a record says


def test_a_call_is_found_at_once_with_who_what_and_from_where(trail, ssm, server):
    activation = ssm.create_activation(IamRole=ROLE, Description="for the audit")
    [event] = look_up(trail, "CreateActivation")
    assert event["EventSource"] == "ssm.amazonaws.com"
    assert event["Username"] == "root"
    assert event["ReadOnly"] == "false"
    assert event["AccessKeyId"] == server.root.access_key_id
    record = record_of(event)
    assert record["eventID"] == event["EventId"]
    assert record["eventVersion"] == "1.11"
    assert record["userIdentity"] == {
        "type": "Root",
        "principalId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "accountId": ACCOUNT,
        "accessKeyId": server.root.access_key_id,
    }
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert record["userAgent"].startswith("Boto3/")
    assert record["awsRegion"] == REGION
    assert record["requestID"] == activation["ResponseMetadata"]["RequestId"]
    assert record["requestParameters"] == {"iamRole": ROLE, "description": "for the audit"}
    # The code that lets a machine in is nobody's to read later.
    assert record["responseElements"] == {"activationId": activation["ActivationId"], "activationCode": HIDDEN}
    assert record["recipientAccountId"] == ACCOUNT
    assert (record["eventType"], record["eventCategory"], record["managementEvent"]) == ("AwsApiCall", "Management", True)
    age = datetime.datetime.now(datetime.timezone.utc) - event["EventTime"]
    assert abs(age.total_seconds()) < 60


def test_a_refused_call_is_recorded_with_its_error(trail, ssm):
    refusal = error_of(ssm.delete_activation, ActivationId="00000000-0000-4000-8000-000000000000")
    record = record_of(look_up(trail, "DeleteActivation")[0])
    assert (record["errorCode"], record["errorMessage"]) == (refusal.code, refusal.message)
    assert record["responseElements"] is None


def test_a_strangers_call_is_recorded_as_unproven(trail, server):
    wrong = Keys(server.root.access_key_id, "x" * 40)
    with pytest.raises(botocore.exceptions.ClientError):
        server.client(keys=wrong).list_commands()
    record = record_of(look_up(trail, "ListCommands")[0])
    assert record["userIdentity"]["type"] == "Unknown"
    assert record["errorCode"] == "InvalidSignatureException"


def test_the_parameters_of_a_command_are_hidden(trail, ssm, agent):
    sent = ssm.send_command(
        InstanceIds=[agent.node], DocumentName="AWS-RunShellScript", Parameters={"commands": ["echo hunter2"]}
    )
    record = record_of(look_up(trail, "SendCommand")[0])
    assert record["requestParameters"]["parameters"] == HIDDEN
    assert record["responseElements"]["command"]["commandId"] == sent["Command"]["CommandId"]
    assert "hunter2" not in json.dumps(record)


def test_a_parameters_value_is_in_no_record(trail, ssm):
    ssm.put_parameter(Name="/audit/secret", Value="hunter2-hunter2", Type="SecureString")
    ssm.get_parameter(Name="/audit/secret", WithDecryption=True)
    put, get = (record_of(look_up(trail, name)[0]) for name in ("PutParameter", "GetParameter"))
    assert put["requestParameters"] == {"name": "/audit/secret", "value": HIDDEN, "type": "SecureString"}
    assert put["responseElements"] == {"version": 1, "tier": "Standard"}
    assert get["requestParameters"] == {"name": "/audit/secret", "withDecryption": True}
    assert get["responseElements"] is None and get["readOnly"] is True
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/audit/secret"
    for record in (put, get):
        assert {"ARN": arn, "accountId": ACCOUNT, "type": "AWS::SSM::Parameter"} in record["resources"]
    by_name = [{"AttributeKey": "ResourceName", "AttributeValue": "/audit/secret"}]
    events = trail.lookup_events(LookupAttributes=by_name)["Events"]
    assert {"PutParameter", "GetParameter"} <= {event["EventName"] for event in events}
    assert "hunter2" not in json.dumps([event["CloudTrailEvent"] for event in events])


def test_a_users_calls_bear_its_name_and_denials_are_recorded(trail, server):
    iam = server.client("iam")
    user = iam.create_user(UserName="auditee")["User"]
    key = iam.create_access_key(UserName="auditee")["AccessKey"]
    record = record_of(look_up(trail, "CreateAccessKey")[0])
    assert record["eventSource"] == "iam.amazonaws.com"
    assert record["responseElements"]["accessKey"]["secretAccessKey"] == HIDDEN
    assert key["SecretAccessKey"] not in json.dumps(record)

    keys = Keys(key["AccessKeyId"], key["SecretAccessKey"])
    refusal = error_of(server.client(keys=keys).get_parameter, Name="/not/yours")
    by_user = [{"AttributeKey": "Username", "AttributeValue": "auditee"}]
    [event] = trail.lookup_events(LookupAttributes=by_user)["Events"]
    record = record_of(event)
    assert record["userIdentity"] == {
        "type": "IAMUser",
        "principalId": user["UserId"],
        "arn": user["Arn"],
        "accountId": ACCOUNT,
        "accessKeyId": key["AccessKeyId"],
        "userName": "auditee",
    }
    assert (record["errorCode"], record["errorMessage"]) == ("AccessDenied", refusal.message)
    assert event["Resources"] == [{"ResourceType": "AWS::SSM::Parameter", "ResourceName": "/not/yours"}]


def test_a_nodes_calls_are_recorded_under_its_role(trail, agent):
    record = record_of(eventually(lambda: look_up(trail, "OpenControlChannel"))[0])
    assert record["eventSource"] == "ssmmessages.amazonaws.com"
    identity = record["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["principalId"].endswith(agent.node)
    assert look_up(trail, "RegisterManagedInstance")


def test_the_cli_looks_events_up(aws, ssm):
    ssm.describe_activations()
    found = aws(
        "cloudtrail", "lookup-events", "--lookup-attributes",
        "AttributeKey=EventName,AttributeValue=DescribeActivations", "--max-items", "1",
    )  # fmt: skip
    assert found["Events"][0]["EventName"] == "DescribeActivations"


# Looking up


def test_pages_are_newest_first_and_without_gaps(trail, server):
    client = server.client(region="eu-north-1")
    for _ in range(12):
        client.list_commands()
    there = server.client("cloudtrail", region="eu-north-1")
    one = there.lookup_events(MaxResults=5)
    two = there.lookup_events(MaxResults=5, NextToken=one["NextToken"])
    ids = [event["EventId"] for event in one["Events"] + two["Events"]]
    assert len(set(ids)) == 10
    assert ids == sorted(ids, reverse=True)
    # Another region knows nothing of it.
    assert not look_up(server.client("cloudtrail", region="ap-south-1"), "ListCommands")


@pytest.mark.parametrize(
    "question, code",
    [
        ({"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "a"}] * 2}, "InvalidLookupAttributesException"),
        ({"StartTime": 2, "EndTime": 1}, "InvalidTimeRangeException"),
        ({"NextToken": "forged"}, "InvalidNextTokenException"),
        ({"MaxResults": 51}, "ValidationException"),
    ],
)
def test_wrong_questions(server, question, code):
    assert error_of(server.client("cloudtrail", validate=False).lookup_events, **question).code == code


# What is left on the disk


def files(server):
    """The exported files, in the layout that CloudTrail's consumers read."""
    return sorted((server.data / "blobs" / "AWSLogs").rglob("*.json.gz"))


def exported(server):
    return [record for file in files(server) for record in json.loads(gzip.decompress(file.read_bytes()))["Records"]]


def test_the_export_is_gzip_json_under_cloudtrails_keys(make_server):
    server = make_server()
    server.client().list_commands()
    server.stop()
    [file] = files(server)
    name = rf"{ACCOUNT}_CloudTrail_{REGION}_\d{{8}}T\d{{4}}Z_[A-Za-z0-9]{{16}}\.json\.gz"
    key = str(file.relative_to(server.data / "blobs"))
    assert re.fullmatch(rf"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/\d{{4}}/\d\d/\d\d/{name}", key), key
    assert "ListCommands" in [record["eventName"] for record in exported(server)]


def test_no_answered_call_is_lost_when_the_server_is_killed(make_server):
    server = make_server()
    ids = []
    for _ in range(3):
        client = server.client()
        ids += [client.list_commands()["ResponseMetadata"]["RequestId"] for _ in range(20)]
        server.kill()
        server.start()
    found = {record_of(event)["requestID"] for event in look_up(server.client("cloudtrail"), "ListCommands")}
    assert found == set(ids)
    assert verify(server) == (True, [])
    server.stop()
    assert {r["requestID"] for r in exported(server) if r["eventName"] == "ListCommands"} == set(ids)


def verify(server):
    """Whether the trail is sound, and what is wrong."""
    answer = server.admin("VerifyAudit")
    return answer["Verified"], [problem["Problem"] for problem in answer["Problems"]]


@pytest.fixture
def sealed(make_server):
    """A server with a few sealed files, stopped."""
    server = make_server()
    for _ in range(3):
        server.client().list_commands()
        server.stop()
        server.start()
    assert verify(server) == (True, [])
    server.stop()
    return server


def test_one_changed_byte_of_a_file_is_found(sealed):
    file = files(sealed)[1]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    sealed.start()
    answer = sealed.admin("VerifyAudit")
    [problem] = answer["Problems"]
    assert not answer["Verified"]
    assert problem["Key"].endswith(file.name)
    assert problem["Problem"] == "the content of this file was altered"


@pytest.mark.parametrize(
    "change, said",
    [
        ("UPDATE audit_file SET events = events - 1 WHERE sequence = 2", "the row of this file was altered"),
        ("UPDATE audit_file SET first_ms = first_ms + 1 WHERE sequence = 2", "the row of this file was altered"),
        ("DELETE FROM audit_file WHERE sequence = 2", "the file 2 is missing"),
        ("DELETE FROM audit_file WHERE sequence = 3", "the file 3 is missing"),
        ("UPDATE audit_chain SET last_sequence = 2", "the row of the chain was altered"),
        ("DELETE FROM audit_chain", "the row of the chain is missing"),
    ],
)
def test_one_changed_row_is_found(sealed, change, said):
    sealed.database.execute(sealed.data, change)
    sealed.start()
    sound, problems = verify(sealed)
    assert not sound
    assert said in problems


def test_a_file_that_goes_is_found(sealed):
    files(sealed)[0].unlink()
    sealed.start()
    assert "this file is missing" in verify(sealed)[1]


def test_an_altered_journal_is_found(make_server):
    server = make_server()
    server.client().list_commands()
    server.kill()
    [journal] = (server.data / "audit").glob("*.journal")
    journal.write_text(journal.read_text().replace("ListCommands", "ListCommandz"))
    server.start()
    sound, problems = verify(server)
    assert not sound and any("altered" in problem for problem in problems)
    server.stop()
    assert "AuditJournalAltered" in [record["eventName"] for record in exported(server)]


def test_metrics_count_events(server, ssm):
    def count():
        text = server.get("/metrics")[1]
        return int(re.search(r"^muster_audit_events_total (\d+)", text, re.MULTILINE)[1])

    before = count()
    ssm.list_commands()
    assert count() == before + 1
