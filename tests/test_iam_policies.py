"""Managed policies with their versions, those of AWS, and the policy simulator, as boto3, the aws CLI and Terraform's
provider use them."""

import json

import pytest

from support.clients import Keys, error_of

CORE = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
FOR_SSM = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ssm.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture(scope="module")
def account(server):
    return server.client("sts").get_caller_identity()["Account"]


def statement(effect, *actions, resource="*", **more):
    whole = {"Effect": effect, "Action": list(actions), "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [whole]})


def allow(*actions, **more):
    return statement("Allow", *actions, **more)


@pytest.fixture
def policy(iam):
    """Makes policies; they go at the end."""
    made = []

    def make(name, document=allow("ssm:GetParameter"), **settings):
        arn = iam.create_policy(PolicyName=name, PolicyDocument=document, **settings)["Policy"]["Arn"]
        made.append(arn)
        return arn

    yield make
    for arn in made:
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=arn)


def test_the_life_of_a_policy_in_terraform(iam, policy, account):
    """aws_iam_policy: create, read, update by a new version in force, delete."""
    arn = policy("tf", Path="/team/", Description="d", Tags=[{"Key": "k", "Value": "v"}])
    assert arn == f"arn:aws:iam::{account}:policy/team/tf"
    iam.get_waiter("policy_exists").wait(PolicyArn=arn)
    found = iam.get_policy(PolicyArn=arn)["Policy"]
    assert found["PolicyId"].startswith("ANPA") and found["IsAttachable"] is True
    assert {key: found[key] for key in ("PolicyName", "Path", "Description", "DefaultVersionId", "Tags")} == {
        "PolicyName": "tf",
        "Path": "/team/",
        "Description": "d",
        "DefaultVersionId": "v1",
        "Tags": [{"Key": "k", "Value": "v"}],
    }
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert version["Document"] == json.loads(allow("ssm:GetParameter")) and version["IsDefaultVersion"]

    for number in range(2, 6):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow(f"ssm:A{number}"), SetAsDefault=True)
    refused = error_of(iam.create_policy_version, PolicyArn=arn, PolicyDocument=allow("ssm:B"), SetAsDefault=True)
    assert (refused.code, refused.status) == ("LimitExceeded", 409)
    # The provider makes room by deleting the oldest.
    oldest = min(
        (
            version
            for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]
            if not version["IsDefaultVersion"]
        ),
        key=lambda version: version["CreateDate"],
    )
    iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("ssm:B"), SetAsDefault=True)
    assert made["PolicyVersion"]["VersionId"] == "v6" and "Document" not in made["PolicyVersion"]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v6"

    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "k", "Value": "w"}, {"Key": "l", "Value": ""}])
    iam.untag_policy(PolicyArn=arn, TagKeys=["l"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "k", "Value": "w"}]
    refused = error_of(iam.delete_policy, PolicyArn=arn)
    assert (refused.code, refused.status) == ("DeleteConflict", 409)


def test_what_is_gone_or_never_was(iam, account):
    arn = f"arn:aws:iam::{account}:policy/none"
    for call in (iam.get_policy, iam.delete_policy, iam.list_policy_versions, iam.list_entities_for_policy):
        refused = error_of(call, PolicyArn=arn)
        assert (refused.code, refused.status, refused.message) == ("NoSuchEntity", 404, f"Policy {arn} was not found.")


def test_policies_of_aws_have_their_arns_and_documents(iam):
    found = iam.get_policy(PolicyArn=CORE)["Policy"]
    assert (found["PolicyId"], found["DefaultVersionId"]) == ("ANPAIXSHM2BNB2D3AXXRU", "v2")
    assert found["CreateDate"].isoformat() == "2019-03-15T17:22:12+00:00"
    document = iam.get_policy_version(PolicyArn=CORE, VersionId="v2")["PolicyVersion"]["Document"]
    assert "ssmmessages:OpenControlChannel" in json.dumps(document)
    for arn in (
        "arn:aws:iam::aws:policy/AdministratorAccess",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy",
        "arn:aws:iam::aws:policy/service-role/AmazonEC2RoleforSSM",
        "arn:aws:iam::aws:policy/service-role/AmazonSSMMaintenanceWindowRole",
        "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
    ):
        found = iam.get_policy(PolicyArn=arn)["Policy"]
        version = iam.get_policy_version(PolicyArn=arn, VersionId=found["DefaultVersionId"])["PolicyVersion"]
        document = version["Document"]
        assert document["Version"] == "2012-10-17" and document["Statement"]
    refused = error_of(iam.delete_policy, PolicyArn=CORE)
    assert (refused.code, refused.status) == ("AccessDenied", 403)
    assert refused.message.endswith(
        f"is not authorized to perform: iam:DeletePolicy on resource: policy {CORE} "
        "because no resource-based policy allows the iam:DeletePolicy action"
    )


def test_lists_are_filtered_and_turn_pages(iam, aws, policy):
    own = [policy("list-a", Path="/list/"), policy("list-b", Path="/list/x/")]

    def arns(**filters):
        pages = iam.get_paginator("list_policies").paginate(**filters, PaginationConfig={"PageSize": 7})
        return [found["Arn"] for page in pages for found in page["Policies"]]

    assert arns(Scope="Local") == own
    assert arns(PathPrefix="/list/x/") == own[1:]
    assert CORE in arns(Scope="AWS") and not set(own) & set(arns(Scope="AWS"))
    assert arns() == own + arns(Scope="AWS")
    assert arns(Scope="AWS", OnlyAttached=True) == [CORE]
    listed = aws("iam", "list-policies", "--scope", "Local", "--query", "Policies[].PolicyName")
    assert listed == ["list-a", "list-b"]


def test_who_has_a_policy(iam, policy):
    arn = policy("held")
    iam.create_role(RoleName="holder", AssumeRolePolicyDocument=FOR_SSM)
    iam.attach_role_policy(RoleName="holder", PolicyArn=arn)
    pages = iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=arn)
    assert [role["RoleName"] for page in pages for role in page["PolicyRoles"]] == ["holder"]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    refused = error_of(iam.delete_policy, PolicyArn=arn)
    assert (refused.code, refused.message) == ("DeleteConflict", "Cannot delete a policy attached to entities.")
    iam.detach_role_policy(RoleName="holder", PolicyArn=arn)
    iam.delete_role(RoleName="holder")


GOOD = {"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("no json", "Syntax errors in policy."),
        ("[]", "Syntax errors in policy."),
        ({"Version": "2012-10-17", "Statement": [GOOD], "Unknown": 1}, "Syntax errors in policy."),
        ({"Version": "2012-10-17", "Statement": [{**GOOD, "Unknown": 1}]}, "Syntax errors in policy."),
        (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Effect":"Allow","Action":"ssm:*","Resource":"*"}]}',
            "Syntax errors in policy.",
        ),
        ({"Version": "2013-10-17", "Statement": [GOOD]}, "Syntax errors in policy."),
        ({"Version": "2008-10-17", "Statement": [GOOD]}, "Policy document must be version 2012-10-17 or greater."),
        (
            {"Version": "2012-10-17", "Statement": [{**GOOD, "Principal": "*"}]},
            "Policy document should not specify a principal.",
        ),
        (
            {"Version": "2012-10-17", "Statement": [{**GOOD, "Resource": []}]},
            "Policy statement must contain resources.",
        ),
        ("[" * 100_000, "Syntax errors in policy."),
    ],
    ids=["text", "list", "key", "key-of-statement", "doubled", "version", "old", "principal", "resource", "deep"],
)
def test_bad_documents(iam, document, message):
    text = document if isinstance(document, str) else json.dumps(document)
    refused = error_of(iam.create_policy, PolicyName="bad", PolicyDocument=text)
    assert (refused.code, refused.status) == ("MalformedPolicyDocument", 400)
    assert refused.message.startswith(message)


def test_documents_have_sizes(server, iam):
    long = allow("ssm:" + "x" * 6144)
    refused = error_of(iam.create_policy, PolicyName="bad", PolicyDocument=long)
    assert (refused.code, refused.message) == ("LimitExceeded", "Cannot exceed quota for PolicySize: 6144")
    careless = server.client("iam", validate=False)
    refused = error_of(careless.create_policy, PolicyName="bad", PolicyDocument=allow("ssm:" + "x" * (1 << 20)))
    assert (refused.code, refused.status) == ("ValidationError", 400)
    refused = error_of(careless.create_policy, PolicyName="bad", PolicyDocument=allow("ssm:x") + "\u4e2d")
    assert refused.code == "ValidationError"


def test_given_policies_are_simulated(iam, aws):
    answer = iam.simulate_custom_policy(
        PolicyInputList=[allow("ssm:Get*"), statement("Deny", "ssm:GetParameters")],
        ActionNames=["ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"],
        ResourceArns=["arn:aws:ssm:us-east-1:123456789012:parameter/a"],
    )
    results = {result["EvalActionName"]: result for result in answer["EvaluationResults"]}
    assert {name: result["EvalDecision"] for name, result in results.items()} == {
        "ssm:GetParameter": "allowed",
        "ssm:GetParameters": "explicitDeny",
        "ssm:PutParameter": "implicitDeny",
    }
    [matched] = results["ssm:GetParameter"]["MatchedStatements"]
    text = allow("ssm:Get*")
    assert matched == {
        "SourcePolicyId": "PolicyInputList.1",
        "SourcePolicyType": "IAM Policy",
        # Both columns are those behind a brace, counted from 1.
        "StartPosition": {"Line": 1, "Column": text.index('{"Effect"') + 2},
        "EndPosition": {"Line": 1, "Column": text.rindex("}]}") + 2},
    }
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[allow("ssm:*")],
        ActionNames=[f"ssm:Action{number}" for number in range(25)],
        PaginationConfig={"PageSize": 10},
    )
    assert [len(page["EvaluationResults"]) for page in pages] == [10, 10, 5]
    named = allow("ssm:*", Condition={"StringEquals": {"aws:username": "a"}})
    keys = aws("iam", "get-context-keys-for-custom-policy", "--policy-input-list", named)
    assert keys == {"ContextKeyNames": ["aws:username"]}


def test_an_identity_is_simulated(iam, policy, account):
    arn = policy("simulated", allow("ssm:GetParameter"))
    made = iam.create_role(RoleName="simulated", AssumeRolePolicyDocument=FOR_SSM)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="simulated", PolicyArn=arn)
    iam.put_role_policy(RoleName="simulated", PolicyName="own", PolicyDocument=allow("ssm:PutParameter"))

    def decision(action):
        [result] = iam.simulate_principal_policy(PolicySourceArn=made, ActionNames=[action])["EvaluationResults"]
        return result["EvalDecision"], [matched["SourcePolicyId"] for matched in result["MatchedStatements"]]

    assert decision("ssm:GetParameter") == ("allowed", ["simulated"])
    assert decision("ssm:PutParameter") == ("allowed", ["role_simulated_own"])
    assert decision("ssm:DeleteParameter") == ("implicitDeny", [])
    # A new version in force counts at once.
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("ssm:DeleteParameter"), SetAsDefault=True)
    assert decision("ssm:GetParameter") == ("implicitDeny", [])
    assert decision("ssm:DeleteParameter") == ("allowed", ["simulated"])
    refused = error_of(
        iam.simulate_principal_policy,
        PolicySourceArn=f"arn:aws:sts::{account}:assumed-role/simulated/s",
        ActionNames=["ssm:GetParameter"],
    )
    assert refused.code == "InvalidInput"
    iam.detach_role_policy(RoleName="simulated", PolicyArn=arn)
    iam.delete_role_policy(RoleName="simulated", PolicyName="own")
    iam.delete_role(RoleName="simulated")


@pytest.fixture
def user(server, iam):
    """A user with a key: its name, and a function to make clients of it."""
    iam.create_user(UserName="tester")
    key = iam.create_access_key(UserName="tester")["AccessKey"]
    keys = Keys(key["AccessKeyId"], key["SecretAccessKey"])
    yield "tester", lambda service: server.client(service, keys=keys)
    for attached in iam.list_attached_user_policies(UserName="tester")["AttachedPolicies"]:
        iam.detach_user_policy(UserName="tester", PolicyArn=attached["PolicyArn"])
    iam.delete_access_key(UserName="tester", AccessKeyId=keys.access_key_id)
    iam.delete_user(UserName="tester")


def test_policies_of_aws_decide(iam, user):
    name, client = user
    denied = error_of(client("ssm").describe_instance_information)
    assert denied.code == "AccessDeniedException"
    for policy, allowed, refused in [
        ("AmazonSSMReadOnlyAccess", "describe_instance_information", "create_activation"),
        ("AmazonSSMFullAccess", "describe_activations", None),
        ("ReadOnlyAccess", "list_commands", "create_activation"),
        ("AWSDenyAll", None, "list_commands"),
    ]:
        arn = f"arn:aws:iam::aws:policy/{policy}"
        iam.attach_user_policy(UserName=name, PolicyArn=arn)
        if allowed:
            getattr(client("ssm"), allowed)()
        if refused:
            parameters = {"IamRole": "x"} if refused == "create_activation" else {}
            assert error_of(getattr(client("ssm"), refused), **parameters).code == "AccessDeniedException"
        iam.detach_user_policy(UserName=name, PolicyArn=arn)


def test_the_version_in_force_decides_at_once(iam, policy, user):
    name, client = user
    arn = policy("in-force", allow("ssm:ListCommands"))
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    ssm = client("ssm")
    ssm.list_commands()
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("ssm:DescribeActivations"), SetAsDefault=True)
    assert error_of(ssm.list_commands).code == "AccessDeniedException"
    ssm.describe_activations()
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    ssm.list_commands()
    iam.detach_user_policy(UserName=name, PolicyArn=arn)
    assert error_of(ssm.list_commands).code == "AccessDeniedException"


def test_who_makes_roles_within_limits_stays_within_them(iam, policy, user, account):
    """Delegated administration: roles may be made with a boundary alone, and passed on only where that is allowed."""
    name, client = user
    boundary = policy("delegated-boundary", allow("ssm:Get*"))
    limits = [
        {
            "Effect": "Allow",
            "Action": ["iam:CreateRole", "iam:AttachRolePolicy", "iam:PutRolePolicy"],
            "Resource": f"arn:aws:iam::{account}:role/apps/*",
            "Condition": {"StringEquals": {"iam:PermissionsBoundary": boundary}},
        },
        {
            "Effect": "Allow",
            "Action": ["iam:GetRole", "iam:DeleteRole", "iam:DetachRolePolicy"],
            "Resource": f"arn:aws:iam::{account}:role/apps/*",
        },
        {"Effect": "Allow", "Action": "iam:*InstanceProfile", "Resource": "*"},
    ]
    arn = policy("delegated", json.dumps({"Version": "2012-10-17", "Statement": limits}))
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    limited = client("iam")
    role = {"RoleName": "app", "AssumeRolePolicyDocument": FOR_SSM}
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    for attempt in (
        role,
        {**role, "Path": "/apps/"},
        {**role, "Path": "/apps/", "PermissionsBoundary": administrator},
        {**role, "PermissionsBoundary": boundary},
        {**role, "Path": "/apps/", "PermissionsBoundary": boundary, "Tags": [{"Key": "k", "Value": "v"}]},
    ):
        denied = error_of(limited.create_role, **attempt)
        assert (denied.code, denied.status) == ("AccessDenied", 403)
    limited.create_role(**role, Path="/apps/", PermissionsBoundary=boundary)
    limited.attach_role_policy(RoleName="app", PolicyArn=administrator)
    for attempt in (
        lambda: limited.delete_role_permissions_boundary(RoleName="app"),
        lambda: limited.put_role_permissions_boundary(RoleName="app", PermissionsBoundary=administrator),
        lambda: limited.update_assume_role_policy(RoleName="app", PolicyDocument=FOR_SSM),
        lambda: limited.create_policy_version(PolicyArn=boundary, PolicyDocument=allow("*"), SetAsDefault=True),
        lambda: limited.set_default_policy_version(PolicyArn=boundary, VersionId="v1"),
        lambda: limited.attach_user_policy(UserName=name, PolicyArn=administrator),
        lambda: limited.put_role_policy(
            RoleName="AmazonEC2RunCommandRoleForManagedInstances", PolicyName="p", PolicyDocument=allow("*")
        ),
    ):
        assert error_of(attempt).code == "AccessDenied"
    limited.create_instance_profile(InstanceProfileName="delegated")
    denied = error_of(limited.add_role_to_instance_profile, InstanceProfileName="delegated", RoleName="app")
    assert denied.code == "AccessDenied"
    words = f"is not authorized to perform: iam:PassRole on resource: arn:aws:iam::{account}:role/apps/app"
    assert words in denied.message
    limited.delete_instance_profile(InstanceProfileName="delegated")
    [result] = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{account}:role/apps/app", ActionNames=["ssm:PutParameter"]
    )["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    limited.detach_role_policy(RoleName="app", PolicyArn=administrator)
    limited.delete_role(RoleName="app")
    iam.detach_user_policy(UserName=name, PolicyArn=arn)
