"""Temporary credentials: roles assumed within and across accounts, sessions of users, and how both end."""

import json

import pytest

from support.clients import error_of
from support.identities import account, allow, assume, deny, policy, role, session_keys, trust, user

OWN = "000000000000"
ANYBODY = {"AWS": OWN}


def caller(server, keys):
    return server.client("sts", keys=keys).get_caller_identity()


def node_list(server, keys):
    """A call that needs a permission."""
    return server.client(keys=keys).describe_instance_information


def test_everybody_learns_who_they_are_even_if_forbidden(server):
    arn = role(server, [trust(ANYBODY)], deny("*"), name="Ops", Path="/team/")
    keys = user(server, allow("sts:AssumeRole"), deny("sts:GetCallerIdentity"), name="ann")
    assert caller(server, server.root)["Arn"] == f"arn:aws:iam::{OWN}:root"
    assert caller(server, keys)["Arn"] == f"arn:aws:iam::{OWN}:user/ann"
    assert caller(server, keys)["UserId"].startswith("AIDA")
    session = assume(server, keys, arn, RoleSessionName="night")
    found = caller(server, session)
    assert found["Arn"] == f"arn:aws:sts::{OWN}:assumed-role/Ops/night"
    assert found["UserId"].startswith("AROA") and found["UserId"].endswith(":night")
    assert found["Account"] == OWN


def test_a_session_may_what_its_role_may(server):
    arn = role(server, [trust(ANYBODY)], allow("ssm:DescribeInstanceInformation"))
    keys = user(server, allow("sts:AssumeRole", arn))
    assert error_of(node_list(server, keys)).code == "AccessDeniedException"
    session = assume(server, keys, arn)
    node_list(server, session)()
    refusal = error_of(server.client(keys=session).describe_activations)
    name = arn.rsplit("/", 1)[1]
    assert refusal.code == "AccessDeniedException"
    assert refusal.message == (
        f"User: arn:aws:sts::{OWN}:assumed-role/{name}/session is not authorized to perform: ssm:DescribeActivations on "
        f"resource: arn:aws:ssm:us-east-1:{OWN}:* because no identity-based policy allows the ssm:DescribeActivations action"
    )


def test_the_trust_policy_of_the_own_account_opens_a_role_to_whom_it_names(server):
    keys = user(server, name="named")
    arn = role(server, [trust({"AWS": f"arn:aws:iam::{OWN}:user/named"})])
    assume(server, keys, arn)
    refusal = error_of(server.client("sts", keys=user(server, allow("*"))).assume_role, RoleArn=arn, RoleSessionName="me")
    assert (refusal.code, refusal.status) == ("AccessDenied", 403)
    assert f"is not authorized to perform: sts:AssumeRole on resource: {arn}" in refusal.message


def test_whoever_gets_the_name_of_a_deleted_user_is_somebody_else(server):
    keys = user(server, name="leaver")
    arn = role(server, [trust({"AWS": f"arn:aws:iam::{OWN}:user/leaver"})])
    assume(server, keys, arn)
    iam = server.client("iam")
    iam.delete_access_key(UserName="leaver", AccessKeyId=keys.access_key_id)
    iam.delete_user(UserName="leaver")
    again = user(server, name="leaver")
    assert error_of(assume, server, again, arn).code == "AccessDenied"


def test_root_assumes_no_role(server):
    refusal = error_of(assume, server, server.root, role(server, [trust(ANYBODY)]))
    assert (refusal.code, refusal.message) == ("AccessDenied", "Roles may not be assumed by root accounts.")


def test_a_role_that_is_not_there_answers_like_one_that_does_not_trust(server):
    keys = user(server, allow("sts:AssumeRole"))
    there = role(server, [trust({"Service": "ssm.amazonaws.com"})])
    missing = f"arn:aws:iam::{OWN}:role/missing"
    texts = {error_of(assume, server, keys, arn).message.replace(arn, "ARN") for arn in (there, missing)}
    assert len(texts) == 1 and "no role trust policy allows" in texts.pop()


def test_another_account_needs_both_sides_and_the_external_id(server):
    other, root = account(server)
    condition = {"StringEquals": {"sts:ExternalId": "secret-42"}}
    arn = role(server, [trust({"AWS": f"arn:aws:iam::{OWN}:root"}, Condition=condition)], allow("ssm:*"), root=root)
    keys = user(server, allow("sts:AssumeRole", arn))
    session = assume(server, keys, arn, ExternalId="secret-42")
    assert caller(server, session)["Account"] == other
    node_list(server, session)()
    for wrong in ({}, {"ExternalId": "secret-43"}):
        assert error_of(assume, server, keys, arn, **wrong).code == "AccessDenied"
    # The other account cannot give what this one does not.
    limited = error_of(assume, server, user(server), arn, ExternalId="secret-42")
    assert limited.message.endswith("because no identity-based policy allows the sts:AssumeRole action")
    # A third account has no part in it.
    _, stranger = account(server)
    third = user(server, allow("*"), root=stranger)
    assert error_of(assume, server, third, arn, ExternalId="secret-42").code == "AccessDenied"


def test_a_session_policy_narrows_and_never_widens(server):
    arn = role(server, [trust(ANYBODY)], allow(["ssm:DescribeInstanceInformation", "ssm:ListCommands"]))
    keys = user(server, allow("sts:AssumeRole"))
    narrow = assume(server, keys, arn, Policy=policy(allow(["ssm:ListCommands", "ssm:DescribeActivations"])))
    ssm = server.client(keys=narrow)
    ssm.list_commands()
    refusal = error_of(ssm.describe_instance_information)
    assert refusal.message.endswith("because no session policy allows the ssm:DescribeInstanceInformation action")
    assert error_of(ssm.describe_activations).message.endswith(
        "because no identity-based policy allows the ssm:DescribeActivations action"
    )
    by_arn = assume(server, keys, arn, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"}])
    server.client(keys=by_arn).list_commands()
    forbidding = assume(server, keys, arn, Policy=policy(allow("*"), deny("ssm:ListCommands")))
    assert error_of(server.client(keys=forbidding).list_commands).message.endswith(
        "with an explicit deny in a session policy"
    )


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Policy": "{}"}, "MalformedPolicyDocument"),
        ({"Policy": policy({"Effect": "Allow", "Action": "ssm"})}, "MalformedPolicyDocument"),
        ({"Policy": policy(allow([f"ssm:{n}" for n in range(300)]))}, "ValidationError"),
        ({"DurationSeconds": 899}, "ValidationError"),
        ({"DurationSeconds": 3601}, "ValidationError"),
        ({"DurationSeconds": 43_201}, "ValidationError"),
        ({"RoleSessionName": "a b"}, "ValidationError"),
        ({"RoleArn": f"arn:aws:iam::{OWN}:user/ann"}, "ValidationError"),
        ({"RoleArn": "role"}, "ValidationError"),
        ({"PolicyArns": [{"arn": f"arn:aws:iam::{OWN}:policy/missing"}]}, "ValidationError"),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]}, "InvalidParameterValue"),
        ({"Tags": [{"Key": "a", "Value": "1"}], "TransitiveTagKeys": ["b"]}, "InvalidParameterValue"),
        ({"Tags": [{"Key": "aws:a", "Value": "1"}]}, "InvalidParameterValue"),
        ({"TokenCode": "123456", "SerialNumber": "arn:aws:iam::000000000000:mfa/x"}, "AccessDenied"),
    ],
)
def test_what_is_refused(server, members, code):
    arn = role(server, [trust(ANYBODY, "sts:*")])
    keys = user(server, allow("*"))
    sts = server.client("sts", keys=keys, validate=False)
    assert error_of(sts.assume_role, **({"RoleArn": arn, "RoleSessionName": "me"} | members)).code == code


def test_durations_end_at_the_roles_limit_and_at_an_hour_in_a_chain(server):
    arn = role(server, [trust(ANYBODY)], allow("sts:AssumeRole"), MaxSessionDuration=7200)
    keys = user(server, allow("sts:AssumeRole"))
    first = assume(server, keys, arn, DurationSeconds=7200)
    assert error_of(assume, server, keys, arn, DurationSeconds=7201).message == (
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    )
    assume(server, first, arn, DurationSeconds=3600)
    assert error_of(assume, server, first, arn, DurationSeconds=3601).message == (
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    )


def test_session_tags_are_the_callers_and_transitive_ones_stay(server):
    condition = {"StringEquals": {"aws:PrincipalTag/team": "a"}}
    trusted = [trust(ANYBODY, ["sts:AssumeRole", "sts:TagSession"])]
    arn = role(server, trusted, allow("ssm:ListCommands", Condition=condition), allow("sts:*"))
    keys = user(server, allow("sts:*"))
    tag = [{"Key": "team", "Value": "a"}]
    untagged = assume(server, keys, arn)
    assert error_of(server.client(keys=untagged).list_commands).code == "AccessDeniedException"
    first = assume(server, keys, arn, Tags=tag, TransitiveTagKeys=["team"])
    server.client(keys=first).list_commands()
    second = assume(server, first, arn)
    server.client(keys=second).list_commands()
    third = assume(server, second, arn)
    server.client(keys=third).list_commands()
    refusal = error_of(assume, server, second, arn, Tags=[{"Key": "Team", "Value": "b"}])
    assert refusal.code == "InvalidParameterValue"
    not_handed_down = assume(server, assume(server, keys, arn, Tags=tag), arn)
    assert error_of(server.client(keys=not_handed_down).list_commands).code == "AccessDeniedException"


def test_tags_need_their_own_permission_in_the_trust_policy(server):
    arn = role(server, [trust(ANYBODY)])
    keys = user(server, allow("sts:*"))
    refusal = error_of(assume, server, keys, arn, Tags=[{"Key": "team", "Value": "a"}])
    assert f"is not authorized to perform: sts:TagSession on resource: {arn}" in refusal.message
    condition = {"StringEquals": {"aws:RequestTag/team": ["a", "b"]}, "ForAllValues:StringEquals": {"aws:TagKeys": "team"}}
    strict = role(server, [trust(ANYBODY), trust(ANYBODY, "sts:TagSession", Condition=condition)])
    assume(server, keys, strict, Tags=[{"Key": "team", "Value": "b"}])
    for tags in ([{"Key": "team", "Value": "c"}], [{"Key": "team", "Value": "a"}, {"Key": "x", "Value": ""}]):
        assert error_of(assume, server, keys, strict, Tags=tags).code == "AccessDenied"


def test_who_is_behind_a_session_stays(server):
    trusted = [trust(ANYBODY, ["sts:AssumeRole", "sts:SetSourceIdentity"])]
    condition = {"StringEquals": {"aws:SourceIdentity": "ann"}}
    arn = role(server, trusted, allow("ssm:ListCommands", Condition=condition), allow("sts:*"))
    keys = user(server, allow("sts:*"))
    first = assume(server, keys, arn, SourceIdentity="ann")
    second = assume(server, first, arn)
    server.client(keys=second).list_commands()
    assert error_of(assume, server, second, arn, SourceIdentity="bob").code == "AccessDenied"
    anonymous = role(server, [trust(ANYBODY)])
    assert "sts:SetSourceIdentity" in error_of(assume, server, first, anonymous).message


def test_packed_size_tells_how_full_a_token_is(server):
    arn = role(server, [trust(ANYBODY, "sts:*")])
    sts = server.client("sts", keys=user(server, allow("sts:*")))
    plain = sts.assume_role(RoleArn=arn, RoleSessionName="me")
    assert "PackedPolicySize" not in plain and len(plain["Credentials"]["SessionToken"]) < 1024
    full = sts.assume_role(RoleArn=arn, RoleSessionName="me", Policy=policy(allow("ssm:*")))
    assert 0 < full["PackedPolicySize"] <= 100 and len(full["Credentials"]["SessionToken"]) < 2048


# How sessions end


def test_a_deleted_role_ends_its_sessions_and_its_successor_does_not_revive_them(server):
    keys = user(server, allow("sts:*"))
    arn = role(server, [trust(ANYBODY)], allow("*"), name="Short")
    session = assume(server, keys, arn)
    node_list(server, session)()
    iam = server.client("iam")
    iam.delete_role_policy(RoleName="Short", PolicyName="own")
    assert error_of(node_list(server, session)).code == "AccessDeniedException"
    iam.delete_role(RoleName="Short")
    assert error_of(node_list(server, session)).code == "UnrecognizedClientException"
    role(server, [trust(ANYBODY)], allow("*"), name="Short")
    refusal = error_of(server.client("sts", keys=session).get_caller_identity)
    assert (refusal.code, refusal.status) == ("InvalidClientTokenId", 403)


def test_older_sessions_are_revoked_as_aws_does_it(server):
    keys = user(server, allow("sts:*"))
    arn = role(server, [trust(ANYBODY)], allow("*"), name="Leaked")
    session = assume(server, keys, arn)
    node_list(server, session)()
    revoked = policy(deny("*", Condition={"DateLessThan": {"aws:TokenIssueTime": "2999-01-01T00:00:00Z"}}))
    server.client("iam").put_role_policy(
        RoleName="Leaked", PolicyName="AWSRevokeOlderSessions", PolicyDocument=revoked
    )
    assert error_of(node_list(server, session)).message.endswith("with an explicit deny in an identity-based policy")


def test_a_session_of_a_user_is_that_user_until_its_key_ends(server):
    keys = user(server, allow("ssm:*"), allow("iam:*"), name="mobile")
    sts = server.client("sts", keys=keys)
    session = session_keys(sts.get_session_token(DurationSeconds=900)["Credentials"])
    assert caller(server, session)["Arn"] == f"arn:aws:iam::{OWN}:user/mobile"
    node_list(server, session)()
    # Without a second factor it is nobody to IAM, and asks for no further session.
    assert error_of(server.client("iam", keys=session).list_users).code == "InvalidClientTokenId"
    for call in (server.client("sts", keys=session).get_session_token,):
        refusal = error_of(call)
        assert (refusal.code, refusal.message) == (
            "AccessDenied",
            "Cannot call GetSessionToken with session credentials",
        )
    iam = server.client("iam")
    iam.update_access_key(UserName="mobile", AccessKeyId=keys.access_key_id, Status="Inactive")
    assert error_of(node_list(server, session)).code == "UnrecognizedClientException"
    iam.update_access_key(UserName="mobile", AccessKeyId=keys.access_key_id, Status="Active")
    node_list(server, session)()
    iam.delete_access_key(UserName="mobile", AccessKeyId=keys.access_key_id)
    assert error_of(node_list(server, session)).code == "UnrecognizedClientException"


def test_root_has_sessions_of_an_hour(server):
    made = server.client("sts").get_session_token(DurationSeconds=36_000)["Credentials"]
    session = session_keys(made)
    assert caller(server, session)["Arn"] == f"arn:aws:iam::{OWN}:root"
    node_list(server, session)()
    assert error_of(server.client("iam", keys=session).list_users).code == "InvalidClientTokenId"


def test_tokens_and_secrets_of_two_sessions_do_not_mix(server):
    arn = role(server, [trust(ANYBODY)], allow("*"))
    keys = user(server, allow("sts:*"))
    one, two = assume(server, keys, arn), assume(server, keys, arn)
    mixed = type(one)(one.access_key_id, one.secret, two.token)
    assert error_of(node_list(server, mixed)).code == "UnrecognizedClientException"
    forged = type(one)(one.access_key_id, one.secret, one.token[:-4] + "AAAA")
    assert error_of(node_list(server, forged)).code == "UnrecognizedClientException"
    stolen_id = type(one)(one.access_key_id, two.secret, one.token)
    assert error_of(node_list(server, stolen_id)).code == "InvalidSignatureException"
    without = type(one)(one.access_key_id, one.secret)
    assert error_of(node_list(server, without)).code == "UnrecognizedClientException"


def test_a_key_tells_its_account(server):
    keys = user(server, allow("sts:GetAccessKeyInfo"))
    sts = server.client("sts", keys=keys)
    assert sts.get_access_key_info(AccessKeyId=keys.access_key_id)["Account"] == OWN
    session = session_keys(server.client("sts", keys=keys).get_session_token()["Credentials"])
    assert sts.get_access_key_info(AccessKeyId=session.access_key_id)["Account"] == OWN
    assert error_of(server.client("sts", keys=user(server)).get_access_key_info, AccessKeyId=keys.access_key_id).code == (
        "AccessDenied"
    )


def test_the_cli_assumes_a_role(server, aws):
    arn = role(server, [trust(ANYBODY)], allow("ssm:*"))
    keys = user(server, allow("sts:AssumeRole"))
    made = aws("sts", "assume-role", "--role-arn", arn, "--role-session-name", "cli", keys=keys)
    assert json.dumps(made["Credentials"]["SessionToken"])
    assert made["AssumedRoleUser"]["Arn"].endswith("/cli")
