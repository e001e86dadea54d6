"""Policies decide every call: AWS's words for a denial, conditions, tags, boundaries, and those who try to get more."""

import datetime

import pytest

from support.clients import NODE_ROLE, REGION, error_of
from support.identities import account, allow, assume, deny, policy, role, trust, user
from support.node import node_credentials, register_many

OWN = "000000000000"
DOCUMENT = f"arn:aws:ssm:{REGION}::document/AWS-RunShellScript"
NODE = f"arn:aws:ssm:{REGION}:{OWN}:managed-instance"
PASS = f"arn:aws:iam::{OWN}:role/{NODE_ROLE}"


def denial(keys_of, action, resource, reason):
    return f"User: arn:aws:iam::{OWN}:user/{keys_of} is not authorized to perform: {action} on resource: {resource} {reason}"


# Denials


def test_a_user_without_policies_may_nothing_but_ask_who_it_is(server):
    keys = user(server, name="nobody")
    server.client("sts", keys=keys).get_caller_identity()
    refusal = error_of(server.client(keys=keys).describe_instance_information)
    assert (refusal.code, refusal.status) == ("AccessDeniedException", 400)
    assert refusal.message == denial(
        "nobody", "ssm:DescribeInstanceInformation", f"arn:aws:ssm:{REGION}:{OWN}:*",
        "because no identity-based policy allows the ssm:DescribeInstanceInformation action",
    )
    refusal = error_of(server.client("iam", keys=keys).get_account_summary)
    assert (refusal.code, refusal.status) == ("AccessDenied", 403)
    assert " on resource: * because" in refusal.message


def test_a_deny_wins_over_any_allow_and_says_so(server):
    keys = user(server, allow("*"), deny("ssm:DescribeInstance*"), name="barred")
    ssm = server.client(keys=keys)
    ssm.describe_activations()
    assert error_of(ssm.describe_instance_information).message == denial(
        "barred", "ssm:DescribeInstanceInformation", f"arn:aws:ssm:{REGION}:{OWN}:*",
        "with an explicit deny in an identity-based policy",
    )


def test_a_boundary_limits_what_policies_give(server):
    iam = server.client("iam")
    boundary = iam.create_policy(PolicyName="Boundary", PolicyDocument=policy(allow("ssm:List*")))["Policy"]["Arn"]
    keys = user(server, allow("ssm:*"), name="bounded")
    ssm = server.client(keys=keys)
    ssm.describe_activations()
    iam.put_user_permissions_boundary(UserName="bounded", PermissionsBoundary=boundary)
    ssm.list_commands()
    refusal = error_of(ssm.describe_activations)
    assert refusal.message.endswith("because no permissions boundary allows the ssm:DescribeActivations action")
    iam.delete_user_permissions_boundary(UserName="bounded")
    ssm.describe_activations()


def test_a_change_holds_for_the_very_next_call(server):
    iam, keys = server.client("iam"), user(server, name="changing")
    ssm = server.client(keys=keys)
    for _ in range(5):
        assert error_of(ssm.list_commands).code == "AccessDeniedException"
        iam.put_user_policy(UserName="changing", PolicyName="p", PolicyDocument=policy(allow("ssm:ListCommands")))
        ssm.list_commands()
        iam.delete_user_policy(UserName="changing", PolicyName="p")
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="p", PolicyDocument=policy(allow("ssm:List*")))
    iam.add_user_to_group(GroupName="readers", UserName="changing")
    ssm.list_commands()
    iam.remove_user_from_group(GroupName="readers", UserName="changing")
    assert error_of(ssm.list_commands).code == "AccessDeniedException"


# Conditions of every call


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.168.0.0/16"]}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": REGION}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, False),
        ({"StringEquals": {"aws:PrincipalType": "User"}}, True),
        ({"StringEquals": {"aws:PrincipalAccount": OWN, "aws:ResourceAccount": OWN}}, True),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:user/*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/*"}}, False),
        ({"StringLike": {"aws:UserAgent": "*Botocore*"}}, True),
        ({"StringLike": {"aws:userid": "AIDA*"}}, True),
        ({"Bool": {"aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"}}, True),
        # Long-term keys tell nothing of a second factor, and no time of issue.
        ({"Null": {"aws:MultiFactorAuthPresent": "true", "aws:TokenIssueTime": "true"}}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2999-01-01T00:00:00Z"}}, False),
        ({"DateLessThan": {"aws:CurrentTime": "2999-01-01T00:00:00Z"}}, True),
        ({"NumericGreaterThan": {"aws:EpochTime": "1500000000"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "a"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "b"}}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
    ],
    ids=str,
)
def test_conditions_that_every_call_has(server, condition, allowed):
    keys = user(server, allow("ssm:ListCommands", Condition=condition), tags={"team": "a"})
    ssm = server.client(keys=keys)
    if allowed:
        ssm.list_commands()
    else:
        assert error_of(ssm.list_commands).code == "AccessDeniedException"


def test_over_tls_the_transport_is_secure(make_server):
    server = make_server(tls=True)
    only_tls = deny("*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    server.client(keys=user(server, allow("ssm:*"), only_tls)).list_commands()


def test_the_variable_of_the_user_name_stands_for_it(server):
    statement = allow("iam:GetUser", f"arn:aws:iam::{OWN}:user/${{aws:username}}")
    keys = user(server, statement, name="self")
    user(server, name="other")
    iam = server.client("iam", keys=keys)
    assert iam.get_user(UserName="self")["User"]["UserName"] == "self"
    assert error_of(iam.get_user, UserName="other").code == "AccessDenied"


# Commands and nodes


@pytest.fixture(scope="module")
def nodes(server):
    """A web server and a database, in the books alone."""
    (web,) = register_many(server, 1, Tags=[{"Key": "role", "Value": "web"}, {"Key": "env", "Value": "prod"}])
    (db,) = register_many(server, 1, Tags=[{"Key": "role", "Value": "db"}, {"Key": "env", "Value": "prod"}])
    return web, db


def send(ssm, **targets):
    return ssm.send_command(DocumentName="AWS-RunShellScript", Parameters={"commands": ["id"]}, **targets)


def test_a_command_needs_its_document_and_each_of_its_nodes(server, nodes):
    web, db = nodes
    keys = user(server, allow("ssm:SendCommand", [DOCUMENT, f"{NODE}/{web}"]), name="operator")
    ssm = server.client(keys=keys)
    send(ssm, InstanceIds=[web])
    refusal = error_of(send, ssm, InstanceIds=[web, db])
    assert refusal.code == "AccessDeniedException"
    assert f"ssm:SendCommand on resource: {NODE}/{db} because" in refusal.message
    by_tag = [{"Key": "tag:env", "Values": ["prod"]}]
    assert f"{NODE}/{db}" in error_of(send, ssm, Targets=by_tag).message
    send(ssm, Targets=[{"Key": "tag:role", "Values": ["web"]}])
    other = user(server, allow("ssm:SendCommand", f"{NODE}/*"))
    assert f"on resource: {DOCUMENT} because" in error_of(send, server.client(keys=other), InstanceIds=[web]).message


def test_tags_of_nodes_say_who_may_command_them(server, nodes):
    web, db = nodes
    of_web = {"StringEquals": {"ssm:resourceTag/role": ["web"]}}
    for key in ("ssm:resourceTag/role", "aws:ResourceTag/role"):
        on_nodes = allow("ssm:SendCommand", f"{NODE}/*", Condition={"StringEquals": {key: ["web"]}})
        ssm = server.client(keys=user(server, allow("ssm:SendCommand", DOCUMENT), on_nodes))
        send(ssm, InstanceIds=[web])
        assert error_of(send, ssm, InstanceIds=[db]).code == "AccessDeniedException"
        assert error_of(send, ssm, Targets=[{"Key": "tag:env", "Values": ["prod"]}]).code == "AccessDeniedException"
    keys = user(server, allow("ssm:DeregisterManagedInstance", Condition=of_web))
    assert error_of(server.client(keys=keys).deregister_managed_instance, InstanceId=db).code == "AccessDeniedException"


def test_who_may_tag_may_not_tag_himself_in(server, nodes):
    _, db = nodes
    no_role = deny("ssm:AddTagsToResource", Condition={"ForAnyValue:StringEquals": {"aws:TagKeys": ["role"]}})
    ssm = server.client(keys=user(server, allow("ssm:*"), no_role))

    def tag(key, value):
        return {"ResourceType": "ManagedInstance", "ResourceId": db, "Tags": [{"Key": key, "Value": value}]}

    ssm.add_tags_to_resource(**tag("note", "x"))
    assert error_of(ssm.add_tags_to_resource, **tag("role", "web")).code == "AccessDeniedException"


# Those who try to get more


def test_who_may_not_pass_a_role_makes_no_activation_with_it(server):
    admin = role(server, [trust({"Service": "ssm.amazonaws.com"})], allow("*"), name="AdminOfNodes")
    keys = user(server, allow("ssm:CreateActivation"), name="limited")
    refusal = error_of(server.client(keys=keys).create_activation, IamRole="AdminOfNodes")
    assert refusal.message == denial(
        "limited", "iam:PassRole", admin, "because no identity-based policy allows the iam:PassRole action"
    )
    passes = allow("iam:PassRole", PASS, Condition={"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}})
    keys = user(server, allow("ssm:CreateActivation"), passes)
    server.client(keys=keys).create_activation(IamRole=NODE_ROLE)
    assert "iam:PassRole" in error_of(server.client(keys=keys).create_activation, IamRole="AdminOfNodes").message
    wrong = allow("iam:PassRole", PASS, Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}})
    keys = user(server, allow("ssm:CreateActivation"), wrong)
    assert "iam:PassRole" in error_of(server.client(keys=keys).create_activation, IamRole=NODE_ROLE).message


def test_who_may_not_pass_a_role_gives_it_to_no_node(server, nodes):
    web, _ = nodes
    role(server, [trust({"Service": "ssm.amazonaws.com"})], allow("*"), name="MightyNode")
    keys = user(server, allow("ssm:UpdateManagedInstanceRole"))
    ssm = server.client(keys=keys)
    assert "iam:PassRole" in error_of(ssm.update_managed_instance_role, InstanceId=web, IamRole="MightyNode").message
    keys = user(server, allow(["ssm:UpdateManagedInstanceRole", "iam:PassRole"]))
    server.client(keys=keys).update_managed_instance_role(InstanceId=web, IamRole="MightyNode")
    server.client().update_managed_instance_role(InstanceId=web, IamRole=NODE_ROLE)


@pytest.mark.parametrize(
    ("call", "parameters"),
    [
        ("put_user_policy", {"UserName": "climber", "PolicyName": "own", "PolicyDocument": policy(allow("*"))}),
        ("attach_user_policy", {"UserName": "climber", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ("create_access_key", {"UserName": "victim"}),
        ("add_user_to_group", {"UserName": "climber", "GroupName": "admins"}),
        ("update_assume_role_policy", {"RoleName": "admin", "PolicyDocument": policy(trust({"AWS": "*"}))}),
        ("put_role_policy", {"RoleName": "admin", "PolicyName": "p", "PolicyDocument": policy(allow("*"))}),
        ("delete_user_permissions_boundary", {"UserName": "climber"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_who_may_read_identities_climbs_nowhere(server, climber, call, parameters):
    iam = server.client("iam", keys=climber)
    iam.list_users()
    assert error_of(getattr(iam, call), **parameters).code == "AccessDenied"


@pytest.fixture(scope="module")
def climber(server):
    server.client("iam").create_group(GroupName="admins")
    user(server, allow("*"), name="victim")
    role(server, [trust({"AWS": OWN})], allow("*"), name="admin")
    return user(server, allow(["iam:Get*", "iam:List*", "ssm:*"]), name="climber")


def test_nobody_makes_accounts_but_who_may(server):
    from support.clients import json_request, send as send_request, sign

    keys = user(server, allow(["iam:*", "ssm:*"]))
    request = json_request(server.url, "CreateAccount", {"Name": "mine"}, target_prefix="Muster_20261120")
    answer = send_request(sign(request, keys, service="muster"))
    assert (answer.status, answer.code) == (400, "AccessDeniedException")


def test_accounts_do_not_reach_into_each_other(server, nodes):
    web, _ = nodes
    _, root = account(server)
    everything = user(server, allow("*"), root=root)
    for keys in (root, everything):
        ssm = server.client(keys=keys)
        assert ssm.describe_instance_information()["InstanceInformationList"] == []
        assert error_of(send, ssm, InstanceIds=[web]).code == "InvalidInstanceId"
        assert error_of(ssm.deregister_managed_instance, InstanceId=web).code == "InvalidInstanceId"
        assert [u["UserName"] for u in server.client("iam", keys=keys).list_users()["Users"]] != []


# Nodes


def test_a_node_may_what_its_role_may_and_act_for_itself(server, make_agent):
    agent = make_agent(server)
    keys = node_credentials(server, agent)
    ssm = server.client(keys=keys)
    arn = server.client("sts", keys=keys).get_caller_identity()["Arn"]
    assert arn == f"arn:aws:sts::{OWN}:assumed-role/{NODE_ROLE.rsplit('/', 1)[1]}/{agent.node}"
    refusal = error_of(ssm.describe_instance_information)
    assert refusal.code == "AccessDeniedException" and arn in refusal.message
    role(server, [trust({"Service": "ssm.amazonaws.com"})], allow("ssm:ListCommands"), name="Curious")
    server.client().update_managed_instance_role(InstanceId=agent.node, IamRole="Curious")
    ssm.list_commands()
    assert error_of(ssm.describe_activations).code == "AccessDeniedException"


def test_time_bounds_open_and_close_a_policy(server):
    def around(minutes):
        now = datetime.datetime.now(datetime.timezone.utc)
        text = (now + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"DateLessThan": {"aws:CurrentTime": text}}

    server.client(keys=user(server, allow("ssm:*", Condition=around(10)))).list_commands()
    assert error_of(server.client(keys=user(server, allow("ssm:*", Condition=around(-10)))).list_commands).code == (
        "AccessDeniedException"
    )


def test_a_role_session_and_its_user_are_told_apart(server):
    condition = {"StringEquals": {"aws:PrincipalType": "AssumedRole"}, "Null": {"aws:username": "true"}}
    fresh = {"Bool": {"aws:MultiFactorAuthPresent": "false"}, "Null": {"aws:TokenIssueTime": "false"}}
    arn = role(server, [trust({"AWS": OWN})], allow("ssm:ListCommands", Condition=condition | {"Bool": fresh["Bool"]}))
    keys = user(server, allow("sts:AssumeRole"), allow("ssm:ListCommands", Condition=condition))
    assert error_of(server.client(keys=keys).list_commands).code == "AccessDeniedException"
    server.client(keys=assume(server, keys, arn)).list_commands()
