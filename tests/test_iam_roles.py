"""Roles and instance profiles, as boto3, the aws CLI and Terraform's provider use them."""

import json

import pytest

from support.clients import error_of

READ_ONLY = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"
CORE = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture(scope="module")
def account(server):
    return server.client("sts").get_caller_identity()["Account"]


def trust(**principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


FOR_SSM = trust(Service="ssm.amazonaws.com")


def allow(*actions, resource="*"):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def role(iam):
    """A role; what hangs on it at the end goes with it."""
    made = []

    def make(name, **settings):
        settings.setdefault("AssumeRolePolicyDocument", FOR_SSM)
        made.append(name)
        return iam.create_role(RoleName=name, **settings)["Role"]

    yield make
    for name in made:
        destroy(iam, name)


def destroy(iam, name):
    """As Terraform's provider deletes a role with `force_detach_policies`."""
    for profile in iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=name)
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def test_a_role_is_made_read_and_listed(iam, role, account):
    made = role(
        "deploy",
        Path="/apps/web/",
        Description="d: ünï",
        MaxSessionDuration=7200,
        PermissionsBoundary=READ_ONLY,
        Tags=[{"Key": "team", "Value": "a"}],
    )
    assert made["Arn"] == f"arn:aws:iam::{account}:role/apps/web/deploy"
    assert made["RoleId"].startswith("AROA") and len(made["RoleId"]) == 21
    assert made["AssumeRolePolicyDocument"] == json.loads(FOR_SSM)
    found = iam.get_role(RoleName="deploy")["Role"]
    assert {key: found[key] for key in ("Path", "Description", "MaxSessionDuration", "RoleLastUsed", "Tags")} == {
        "Path": "/apps/web/",
        "Description": "d: ünï",
        "MaxSessionDuration": 7200,
        "RoleLastUsed": {},
        "Tags": [{"Key": "team", "Value": "a"}],
    }
    assert found["PermissionsBoundary"] == {
        "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
        "PermissionsBoundaryArn": READ_ONLY,
    }
    [listed] = iam.list_roles(PathPrefix="/apps/")["Roles"]
    assert listed["RoleName"] == "deploy" and listed["AssumeRolePolicyDocument"] == json.loads(FOR_SSM)
    assert not {"Tags", "RoleLastUsed", "PermissionsBoundary"} & set(listed)


def test_every_account_has_the_role_of_hybrid_nodes(iam):
    found = iam.get_role(RoleName="AmazonEC2RunCommandRoleForManagedInstances")["Role"]
    assert found["Path"] == "/service-role/"
    attached = iam.list_attached_role_policies(RoleName=found["RoleName"])["AttachedPolicies"]
    assert attached == [{"PolicyName": "AmazonSSMManagedInstanceCore", "PolicyArn": CORE}]


def test_the_life_of_a_role_in_terraform(iam, role):
    """aws_iam_role, aws_iam_role_policy, aws_iam_role_policy_attachment, aws_iam_instance_profile: create, read,
    update, delete, in the order of the provider's calls."""
    role("tf", Path="/", MaxSessionDuration=3600, Tags=[])
    read = iam.get_role(RoleName="tf")["Role"]
    assert read["Path"] == "/" and read["MaxSessionDuration"] == 3600 and "Tags" not in read
    assert iam.list_role_policies(RoleName="tf")["PolicyNames"] == []
    assert iam.list_attached_role_policies(RoleName="tf")["AttachedPolicies"] == []

    iam.put_role_policy(RoleName="tf", PolicyName="inline", PolicyDocument=allow("ssm:Get*"))
    inline = iam.get_role_policy(RoleName="tf", PolicyName="inline")
    assert inline["PolicyDocument"] == json.loads(allow("ssm:Get*"))
    iam.attach_role_policy(RoleName="tf", PolicyArn=READ_ONLY)
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName="tf")
    assert [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]] == [READ_ONLY]

    iam.create_instance_profile(InstanceProfileName="tf", Path="/")
    iam.get_waiter("instance_profile_exists").wait(InstanceProfileName="tf")
    iam.add_role_to_instance_profile(InstanceProfileName="tf", RoleName="tf")
    profile = iam.get_instance_profile(InstanceProfileName="tf")["InstanceProfile"]
    assert [held["RoleName"] for held in profile["Roles"]] == ["tf"]
    assert profile["Roles"][0]["AssumeRolePolicyDocument"] == json.loads(FOR_SSM)

    iam.update_assume_role_policy(RoleName="tf", PolicyDocument=trust(Service=["ec2.amazonaws.com"]))
    iam.update_role_description(RoleName="tf", Description="new")
    iam.update_role(RoleName="tf", MaxSessionDuration=43200)
    iam.put_role_permissions_boundary(RoleName="tf", PermissionsBoundary=READ_ONLY)
    iam.tag_role(RoleName="tf", Tags=[{"Key": "env", "Value": "prod"}])
    read = iam.get_role(RoleName="tf")["Role"]
    assert read["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": ["ec2.amazonaws.com"]}
    assert (read["Description"], read["MaxSessionDuration"]) == ("new", 43200)
    iam.delete_role_permissions_boundary(RoleName="tf")
    iam.untag_role(RoleName="tf", TagKeys=["env"])
    assert not {"PermissionsBoundary", "Tags"} & set(iam.get_role(RoleName="tf")["Role"])

    refused = error_of(iam.delete_role, RoleName="tf")
    assert (refused.code, refused.status) == ("DeleteConflict", 409)
    destroy(iam, "tf")
    iam.delete_instance_profile(InstanceProfileName="tf")
    gone = error_of(iam.get_role, RoleName="tf")
    assert (gone.code, gone.status) == ("NoSuchEntity", 404)
    assert gone.message == "The role with name tf cannot be found."
    assert error_of(iam.get_instance_profile, InstanceProfileName="tf").code == "NoSuchEntity"
    iam.create_role(RoleName="tf", AssumeRolePolicyDocument=FOR_SSM)


def test_documents_survive_the_way_unchanged(iam, role):
    role("encoded")
    arn = "arn:aws:apigateway:us-east-1::/tags/arn%3Aaws%3Aapigateway%3A+x~(1)*'\"\\é"
    statement = {"Effect": "Allow", "Action": "apigateway:GET", "Resource": [arn]}
    odd = {"Version": "2012-10-17", "Statement": [statement]}
    text = json.dumps(odd, indent=3, ensure_ascii=False)
    iam.put_role_policy(RoleName="encoded", PolicyName="p", PolicyDocument=text)
    assert iam.get_role_policy(RoleName="encoded", PolicyName="p")["PolicyDocument"] == odd


def test_a_trust_policy_is_one(iam, account):
    def refused(document):
        return error_of(iam.create_role, RoleName="bad", AssumeRolePolicyDocument=document)

    def of(**statement):
        whole = {"Effect": "Allow", "Principal": {"Service": "ssm.amazonaws.com"}, "Action": "sts:AssumeRole"}
        whole.update(statement)
        whole = {key: value for key, value in whole.items() if value is not None}
        return json.dumps({"Version": "2012-10-17", "Statement": [whole]})

    for document, message in [
        ("no json", "This policy contains invalid Json"),
        (of(Principal=None), "Missing required field Principal"),
        (of(Resource="*"), "Has prohibited field Resource"),
        (of(Action="ssm:SendCommand"), "AssumeRole policy may only specify STS AssumeRole actions."),
        (of(Principal={"AWS": "bob"}), 'Invalid principal in policy: "AWS":"bob"'),
        (
            of(Principal={"AWS": f"arn:aws:iam::{account}:user/nobody"}),
            f'Invalid principal in policy: "AWS":"arn:aws:iam::{account}:user/nobody"',
        ),
    ]:
        said = refused(document)
        assert (said.code, said.status, said.message) == ("MalformedPolicyDocument", 400, message)
    long = of(Condition={"StringEquals": {"aws:PrincipalTag/x": ["x" * 100] * 21}})
    said = refused(long)
    assert (said.code, said.message) == ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
    assert error_of(iam.get_role, RoleName="bad").code == "NoSuchEntity"


@pytest.mark.parametrize(
    "bad",
    [
        {"RoleName": "a b"},
        {"RoleName": "x" * 65},
        {"Path": "no-slash"},
        {"Path": "/" + "x" * 511 + "/"},
        {"MaxSessionDuration": 3599},
        {"MaxSessionDuration": 43201},
        {"Description": "x" * 1001},
        {"AssumeRolePolicyDocument": "x" * 131_073},
        {"AssumeRolePolicyDocument": "{" + " " * (1 << 20) + "}"},
        {"PermissionsBoundary": "short"},
        {"Tags": [{"Key": "k" * 129, "Value": "v"}]},
        {"Tags": [{"Key": str(number), "Value": ""} for number in range(51)]},
    ],
    ids=lambda bad: next(iter(bad)),
)
def test_what_the_model_forbids_is_a_validation_error(server, bad):
    careless = server.client("iam", validate=False)
    refused = error_of(careless.create_role, **{"RoleName": "bad", "AssumeRolePolicyDocument": FOR_SSM, **bad})
    assert (refused.code, refused.status) == ("ValidationError", 400)


def test_a_boundary_is_a_policy_that_exists(iam, role):
    role("bounded")
    for name in ("NoSuchPolicy", "aws-service-role/AmazonSSMServiceRolePolicy"):
        arn = f"arn:aws:iam::aws:policy/{name}"
        refused = error_of(iam.put_role_permissions_boundary, RoleName="bounded", PermissionsBoundary=arn)
        assert refused.code == "NoSuchEntity"
        assert refused.message == f"Scope ARN: {arn} does not exist or is not attachable."


def test_attaching_wants_the_arn_of_a_policy(iam, role, account):
    role("attached")
    for arn, code, message in [
        ("longpolicynamebutnoarn", "ValidationError", "Invalid ARN:  Could not be parsed!"),
        (
            f"arn:aws:iam::{account}:policy/none",
            "NoSuchEntity",
            f"Policy arn:aws:iam::{account}:policy/none does not exist or is not attachable.",
        ),
    ]:
        refused = error_of(iam.attach_role_policy, RoleName="attached", PolicyArn=arn)
        assert (refused.code, refused.message) == (code, message)
    for name in (
        "AmazonSSMFullAccess AmazonSSMReadOnlyAccess AmazonSNSFullAccess AmazonSNSReadOnlyAccess IAMFullAccess "
        "IAMReadOnlyAccess PowerUserAccess ReadOnlyAccess SecurityAudit AdministratorAccess"
    ).split():
        iam.attach_role_policy(RoleName="attached", PolicyArn=f"arn:aws:iam::aws:policy/{name}")
    refused = error_of(iam.attach_role_policy, RoleName="attached", PolicyArn=CORE)
    assert (refused.code, refused.message) == ("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10")


def test_the_cli_waits_and_turns_pages(aws, iam, role):
    for number in range(5):
        role(f"cli-{number}", Path="/cli/")
    aws("iam", "wait", "role-exists", "--role-name", "cli-0")
    answer = aws("iam", "list-roles", "--path-prefix", "/cli/", "--page-size", "2")
    assert [found["RoleName"] for found in answer["Roles"]] == [f"cli-{number}" for number in range(5)]
    first = aws("iam", "list-roles", "--path-prefix", "/cli/", "--max-items", "3")
    rest = aws("iam", "list-roles", "--path-prefix", "/cli/", "--starting-token", first["NextToken"])
    assert len(first["Roles"]) == 3 and len(rest["Roles"]) == 2
    answer = aws("iam", "get-role", "--role-name", "cli-0", "--query", "Role.AssumeRolePolicyDocument")
    assert answer == json.loads(FOR_SSM)
    refused = error_of(iam.list_roles, Marker="forged")
    assert (refused.code, refused.message) == ("ValidationError", "Invalid Marker.")


def test_the_service_linked_role_of_systems_manager(iam, aws):
    made = aws("iam", "create-service-linked-role", "--aws-service-name", "ssm.amazonaws.com")["Role"]
    assert made["Path"] == "/aws-service-role/ssm.amazonaws.com/"
    refused = error_of(iam.delete_role, RoleName="AWSServiceRoleForAmazonSSM")
    assert refused.code == "UnmodifiableEntity"
    task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForAmazonSSM")["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    assert error_of(iam.get_role, RoleName="AWSServiceRoleForAmazonSSM").code == "NoSuchEntity"
