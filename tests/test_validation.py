"""Input that the service model forbids: refused before any handler sees it, in AWS's words, and never with a 5xx."""

import pytest

from support.clients import Refusal, error_of, json_request, post, send, sign

NODE = "mi-0123456789abcdef0"


def call(server, operation, body):
    return send(sign(json_request(server.url, operation, body), server.root))


def test_a_number_out_of_range(careless_ssm):
    assert error_of(
        careless_ssm.send_command, DocumentName="AWS-RunShellScript", InstanceIds=[NODE], TimeoutSeconds=1
    ) == Refusal(
        "ValidationException",
        "1 validation error detected: Value '1' at 'timeoutSeconds' failed to satisfy constraint: "
        "Member must have value greater than or equal to 30",
    )


def test_a_pattern(careless_ssm):
    refusal = error_of(
        careless_ssm.send_command, DocumentName="AWS-RunShellScript", InstanceIds=[NODE], MaxConcurrency="101%"
    )
    assert refusal == Refusal(
        "ValidationException",
        "1 validation error detected: Value '101%' at 'maxConcurrency' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: ^([1-9][0-9]*|[1-9][0-9]%|[1-9]%|100%)$",
    )


def test_a_missing_member(careless_ssm):
    refusal = error_of(careless_ssm.delete_activation)
    assert refusal == Refusal(
        "ValidationException",
        "1 validation error detected: Value null at 'activationId' failed to satisfy constraint: "
        "Member must not be null",
    )


def test_several_errors_are_counted_and_joined(careless_ssm):
    refusal = error_of(
        careless_ssm.send_command,
        DocumentName="AWS-RunShellScript",
        InstanceIds=[NODE],
        TimeoutSeconds=29,
        MaxErrors="-1",
    )
    assert refusal.code == "ValidationException"
    count, _, errors = refusal.message.partition(" validation errors detected: ")
    assert count == "2"
    assert sorted(errors.split("; ")) == [
        "Value '-1' at 'maxErrors' failed to satisfy constraint: Member must satisfy regular expression pattern: "
        "^([1-9][0-9]*|[0]|[1-9][0-9]%|[0-9]%|100%)$",
        "Value '29' at 'timeoutSeconds' failed to satisfy constraint: Member must have value greater than or equal "
        "to 30",
    ]


def test_a_member_of_a_list(careless_ssm):
    refusal = error_of(careless_ssm.describe_instance_information, Filters=[{"Key": "tag:a", "Values": []}])
    assert refusal.code == "ValidationException"
    assert "at 'filters.1.member.values' failed to satisfy constraint: " in refusal.message


def test_an_enumeration(careless_ssm):
    refusal = error_of(careless_ssm.list_tags_for_resource, ResourceType="Teapot", ResourceId="x")
    assert refusal.code in ("ValidationException", "InvalidResourceType")


@pytest.mark.parametrize("body", ["", "{", "null", '"x"', "[]", '{"MaxResults": 5,}', "\x00\xff"])
def test_a_body_that_is_no_object(server, body):
    answer = call(server, "DescribeInstanceInformation", body.encode("latin-1"))
    assert (answer.status, answer.code) == (400, "SerializationException")


@pytest.mark.parametrize(
    ("member", "value"),
    [("MaxResults", "five"), ("MaxResults", {}), ("NextToken", 5), ("Filters", "x"), ("Filters", {}), ("Filters", [5])],
)
def test_a_member_of_the_wrong_kind(server, member, value):
    answer = call(server, "DescribeInstanceInformation", {member: value})
    assert (answer.status, answer.code) == (400, "SerializationException")


def test_members_that_nobody_knows_are_ignored(server):
    assert call(server, "DescribeInstanceInformation", {"Colour": "blue", "MaxResults": None}).status == 200


def test_an_operation_that_nobody_knows(server):
    answer = call(server, "MakeCoffee", {})
    assert (answer.status, answer.code) == (400, "UnknownOperationException")


def test_a_body_over_the_limit(make_server):
    server = make_server(limits={"request_body_bytes": 4096})
    answer = call(server, "DescribeInstanceInformation", {"NextToken": "x" * 5000})
    assert answer.status == 413


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("PUT", "/", {}),
        ("POST", "/nowhere", {}),
        ("POST", "/%zz%00?x=%ff", {}),
        ("POST", "/", {"Content-Type": "application/x-amz-json-1.1"}),
        ("POST", "/", {"Content-Type": "text/plain", "X-Amz-Target": "AmazonSSM.ListCommands"}),
        ("POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}),
        ("GET", "/v1/control-channel/mi-0123456789abcdef0", {"Upgrade": "websocket", "Connection": "Upgrade"}),
        ("POST", "/v1/control-channel/%2e%2e", {}),
    ],
)
def test_requests_for_nothing_are_refused_and_break_nothing(server, method, path, headers):
    answer = post(server.url, "\x00{" if method != "GET" else None, headers, path=path, method=method)
    assert answer.status < 500, answer
    assert server.get("/healthz")[0] == 200


def test_deep_nesting_breaks_nothing(server):
    answer = call(server, "SendCommand", "[" * 100_000)
    assert (answer.status, answer.code) == (400, "SerializationException")
    assert call(server, "DescribeInstanceInformation", {}).status == 200
