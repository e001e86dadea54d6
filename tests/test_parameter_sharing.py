"""Sharing parameters with other accounts by resource policies, and what those accounts then see."""

import json

import pytest

from support.clients import REGION, error_of
from support.identities import account, allow, role, assume, trust, user

ACCOUNT = "000000000000"
READ = ["ssm:DescribeParameters", "ssm:GetParameter", "ssm:GetParameters"]


def arn(name):
    return f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}"


def document(name, principal, actions=READ, **more):
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions, "Resource": arn(name)}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | more]})


def put(ssm, name, **more):
    ssm.put_parameter(**{"Name": name, "Value": "v", "Type": "String", "Tier": "Advanced"} | more)


def share(ssm, name, principal, **more):
    return ssm.put_resource_policy(ResourceArn=arn(name), Policy=document(name, principal, **more))


def value(ssm, name, **more):
    return ssm.get_parameter(Name=arn(name), **more)["Parameter"]["Value"]


@pytest.fixture(scope="module")
def other(server):
    """Another account: its id, and a client of its root."""
    number, keys = account(server)
    return number, server.client(keys=keys)


def shared(ssm, **more):
    return [each["ARN"] for each in ssm.describe_parameters(Shared=True, **more)["Parameters"]]


def test_a_shared_parameter_is_read_by_its_arn(ssm, other):
    number, theirs = other
    put(ssm, "/team/db", Value="postgres://")
    refusal = error_of(value, theirs, "/team/db")
    assert refusal.code == "AccessDeniedException"
    assert refusal.message == (
        f"User: arn:aws:iam::{number}:root is not authorized to perform: ssm:GetParameter on resource: "
        f"{arn('/team/db')} because no resource-based policy allows the ssm:GetParameter action"
    )
    share(ssm, "/team/db", number)
    found = theirs.get_parameter(Name=arn("/team/db"))["Parameter"]
    assert (found["Value"], found["ARN"], found["Version"]) == ("postgres://", arn("/team/db"), 1)
    found = theirs.get_parameters(Names=[arn("/team/db")])
    assert [each["Value"] for each in found["Parameters"]] == ["postgres://"]
    # By its name it is nobody's, and history is another right.
    assert error_of(theirs.get_parameter, Name="/team/db").code == "ParameterNotFound"
    assert error_of(theirs.get_parameter_history, Name=arn("/team/db")).code == "AccessDeniedException"
    share(ssm, "/team/db", number, actions="ssm:GetParameterHistory")
    assert len(theirs.get_parameter_history(Name=arn("/team/db"))["Parameters"]) == 1


def test_whether_a_parameter_exists_is_not_told(ssm, other):
    _, theirs = other
    put(ssm, "/hidden")
    texts = [error_of(value, theirs, name).message.replace(name, "") for name in ("/hidden", "/nothing")]
    assert texts[0] == texts[1]


def test_shared_parameters_are_listed(ssm, other):
    number, theirs = other
    for name in ("/list/a", "/list/b", "/list/c"):
        put(ssm, name)
    share(ssm, "/list/a", number)
    share(ssm, "/list/b", number)
    share(ssm, "/list/b", number)
    share(ssm, "/list/c", number, actions="ssm:GetParameter")
    below = {"ParameterFilters": [{"Key": "Path", "Option": "Recursive", "Values": ["/list"]}]}
    assert shared(theirs, **below) == [arn("/list/a"), arn("/list/b")]
    page = theirs.describe_parameters(Shared=True, MaxResults=1, **below)
    assert [each["Name"] for each in page["Parameters"]] == ["/list/a"]
    assert shared(theirs, NextToken=page["NextToken"], **below) == [arn("/list/b")]
    # Neither their own lists nor the owner's have them twice.
    assert theirs.describe_parameters(**below)["Parameters"] == []
    assert shared(ssm) == []


def test_a_share_may_be_for_one_role(server, ssm):
    number, keys = account(server)
    reading = allow(["ssm:GetParameter", "ssm:DescribeParameters"])
    reader = role(server, [trust({"AWS": number})], reading, root=keys)
    session = server.client(keys=assume(server, user(server, allow("sts:AssumeRole"), root=keys), reader))
    stranger = server.client(keys=user(server, reading, root=keys))
    put(ssm, "/one-role")
    share(ssm, "/one-role", reader)
    assert value(session, "/one-role") == "v"
    assert shared(session) == [arn("/one-role")]
    assert error_of(value, stranger, "/one-role").code == "AccessDeniedException"
    assert shared(stranger) == []


def test_both_sides_must_allow(server, ssm):
    number, keys = account(server)
    put(ssm, "/both")
    share(ssm, "/both", number)
    assert value(server.client(keys=keys), "/both") == "v"
    nobody = server.client(keys=user(server, root=keys))
    refusal = error_of(value, nobody, "/both")
    assert refusal.message.endswith("because no identity-based policy allows the ssm:GetParameter action")
    somebody = server.client(keys=user(server, allow("ssm:GetParameter", arn("/both")), root=keys))
    assert value(somebody, "/both") == "v"


def test_a_secret_needs_a_key_that_is_shared_too(server, ssm, other):
    number, theirs = other
    put(ssm, "/secret", Type="SecureString", Value="s3cret")
    refusal = error_of(share, ssm, "/secret", number)
    assert refusal.code == "ResourcePolicyInvalidParameterException"
    kms = server.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    put(ssm, "/secret", Type="SecureString", Value="s3cret", KeyId=key, Overwrite=True)
    share(ssm, "/secret", number)
    assert value(theirs, "/secret") != "s3cret"
    assert error_of(value, theirs, "/secret", WithDecryption=True).code == "AccessDeniedException"
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    policy["Statement"].append(
        {"Effect": "Allow", "Principal": {"AWS": number}, "Action": "kms:Decrypt", "Resource": "*"}
    )
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    assert value(theirs, "/secret", WithDecryption=True) == "s3cret"


def test_policies_are_changed_by_whom_has_seen_them(ssm):
    put(ssm, "/seen")
    made = share(ssm, "/seen", "111111111111")
    listed = ssm.get_resource_policies(ResourceArn=arn("/seen"))["Policies"]
    assert listed == [
        {"PolicyId": made["PolicyId"], "PolicyHash": made["PolicyHash"], "Policy": document("/seen", "111111111111")}
    ]
    change = {"ResourceArn": arn("/seen"), "Policy": document("/seen", "222222222222"), "PolicyId": made["PolicyId"]}
    changed = ssm.put_resource_policy(**change, PolicyHash=made["PolicyHash"])
    assert changed["PolicyId"] == made["PolicyId"] and changed["PolicyHash"] != made["PolicyHash"]
    stale = {"PolicyHash": made["PolicyHash"]}
    assert error_of(ssm.put_resource_policy, **change, **stale).code == "ResourcePolicyConflictException"
    assert error_of(ssm.put_resource_policy, **change).code == "ResourcePolicyInvalidParameterException"
    unknown = change | {"PolicyId": "none", "PolicyHash": "none"}
    assert error_of(ssm.put_resource_policy, **unknown).code == "ResourcePolicyNotFoundException"
    delete = {"ResourceArn": arn("/seen"), "PolicyId": made["PolicyId"]}
    assert error_of(ssm.delete_resource_policy, **delete, **stale).code == "ResourcePolicyConflictException"
    ssm.delete_resource_policy(**delete, PolicyHash=changed["PolicyHash"])
    assert ssm.get_resource_policies(ResourceArn=arn("/seen"))["Policies"] == []
    gone = error_of(ssm.delete_resource_policy, **delete, PolicyHash=changed["PolicyHash"])
    assert gone.code == "ResourcePolicyNotFoundException"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Policy": "{}"}, "MalformedResourcePolicyDocumentException"),
        ({"Policy": "x" * 1025}, "ResourcePolicyLimitExceededException"),
        ({"Policy": document("/bad", "*")}, "MalformedResourcePolicyDocumentException"),
        ({"Policy": document("/bad", "111111111111", actions="ssm:*")}, "MalformedResourcePolicyDocumentException"),
        ({"Policy": document("/bad", "111111111111", actions="ssm:PutParameter")}, "MalformedResourcePolicyDocumentException"),
        ({"Policy": document("/bad", "111111111111", Effect="Deny")}, "MalformedResourcePolicyDocumentException"),
        ({"Policy": document("/other", "111111111111")}, "MalformedResourcePolicyDocumentException"),
        ({"ResourceArn": arn("/none"), "Policy": document("/none", "111111111111")}, "ResourceNotFoundException"),
        ({"ResourceArn": f"arn:aws:ssm:{REGION}:{ACCOUNT}:opsitemgroup/default"}, "ResourcePolicyInvalidParameterException"),
        ({"ResourceArn": f"arn:aws:ssm:{REGION}:111111111111:parameter/bad"}, "AccessDeniedException"),
    ],
)
def test_policies_that_cannot_be(ssm, change, code):
    put(ssm, "/bad", Overwrite=True)
    wanted = {"ResourceArn": arn("/bad"), "Policy": document("/bad", "111111111111")} | change
    assert error_of(ssm.put_resource_policy, **wanted).code == code


def test_a_standard_parameter_is_not_shared(ssm):
    put(ssm, "/small", Tier="Standard")
    assert error_of(share, ssm, "/small", "111111111111").code == "ResourcePolicyInvalidParameterException"


def test_shares_go_with_the_parameter(ssm, other):
    number, theirs = other
    put(ssm, "/again")
    share(ssm, "/again", number)
    ssm.delete_parameter(Name="/again")
    put(ssm, "/again")
    assert error_of(value, theirs, "/again").code == "AccessDeniedException"
