"""Users, groups and access keys: boto3 and the aws CLI against IAM, and what a change of an identity means for its calls.

What IAM answers is tested with `iam`, the root's client; what follows from it with clients of the users.
"""

import datetime
import itertools
import json

import pytest

from support.clients import Keys, Refusal, error_of, json_request, post, presign, send, sign

READ_ONLY = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"
FULL = "arn:aws:iam::aws:policy/AmazonSSMFullAccess"
numbers = itertools.count()


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture
def user(iam):
    """A new user without rights; its name."""
    name = f"user-{next(numbers)}"
    iam.create_user(UserName=name)
    return name


@pytest.fixture
def keys_of(iam):
    """Makes a key of a user, to sign with."""

    def make(name):
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Keys(key["AccessKeyId"], key["SecretAccessKey"])

    return make


def policy(action, resource="*", effect="Allow"):
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


# Users


def test_a_user_is_made_found_and_deleted(iam):
    made = iam.create_user(UserName="Ann.O=K+,@-_", Path="/a/b/", Tags=[{"Key": "team", "Value": "red + blue"}])
    user = made["User"]
    assert user["Arn"] == "arn:aws:iam::000000000000:user/a/b/Ann.O=K+,@-_"
    assert user["UserId"].startswith("AIDA") and len(user["UserId"]) == 21
    assert abs(user["CreateDate"] - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(minutes=5)
    assert user["Tags"] == [{"Key": "team", "Value": "red + blue"}]
    assert iam.get_user(UserName="ann.o=k+,@-_")["User"] == user
    iam.delete_user(UserName="Ann.O=K+,@-_")
    refusal = error_of(iam.get_user, UserName="Ann.O=K+,@-_")
    assert refusal == Refusal("NoSuchEntity", "The user with name Ann.O=K+,@-_ cannot be found.", 404)


def test_a_waiter_sees_the_user(iam, user):
    iam.get_waiter("user_exists").wait(UserName=user, WaiterConfig={"Delay": 1, "MaxAttempts": 1})


def test_a_name_is_taken_in_any_case(iam, user):
    refusal = error_of(iam.create_user, UserName=user.upper())
    assert refusal == Refusal("EntityAlreadyExists", f"User with name {user.upper()} already exists.", 409)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "x" * 65, "a*"])
def test_names_of_another_form_are_refused(server, name):
    careless = server.client("iam", validate=False)
    refusal = error_of(careless.create_user, UserName=name)
    assert (refusal.code, refusal.status) == ("ValidationError", 400)
    assert "userName" in refusal.message


@pytest.mark.parametrize("path", ["a", "/a", "a/", "//a b/"])
def test_paths_of_another_form_are_refused(server, path):
    careless = server.client("iam", validate=False)
    assert error_of(careless.create_user, UserName="path", Path=path).code == "ValidationError"


def test_lists_are_read_page_by_page(iam):
    for number in range(7):
        iam.create_user(UserName=f"paged-{number}", Path="/paged/")
    pages = list(iam.get_paginator("list_users").paginate(PathPrefix="/paged/", PaginationConfig={"PageSize": 3}))
    assert [len(page["Users"]) for page in pages] == [3, 3, 1]
    assert [page["IsTruncated"] for page in pages] == [True, True, False]
    assert [user["UserName"] for page in pages for user in page["Users"]] == [f"paged-{n}" for n in range(7)]
    assert iam.list_users(PathPrefix="/nobody/")["Users"] == []
    assert error_of(iam.list_users, Marker="forged").code == "ValidationError"


def test_a_renamed_user_keeps_its_keys_and_rights(server, iam, user, keys_of):
    iam.attach_user_policy(UserName=user, PolicyArn=READ_ONLY)
    ssm = server.client(keys=keys_of(user))
    iam.update_user(UserName=user, NewUserName=f"{user}-renamed", NewPath="/new/")
    assert ssm.describe_activations()["ActivationList"] == []
    identity = server.client("sts", keys=ssm_keys(ssm)).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::000000000000:user/new/{user}-renamed"
    assert [key["UserName"] for key in iam.list_access_keys(UserName=f"{user}-renamed")["AccessKeyMetadata"]] == [
        f"{user}-renamed"
    ]


def ssm_keys(client):
    credentials = client._request_signer._credentials
    return Keys(credentials.access_key, credentials.secret_key)


def test_a_user_with_anything_left_is_not_deleted(iam, user):
    iam.create_group(GroupName=f"g-{user}")
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    iam.attach_user_policy(UserName=user, PolicyArn=FULL)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy("ssm:*"))
    iam.add_user_to_group(GroupName=f"g-{user}", UserName=user)
    for todo, undo in [
        ("must delete access keys first", lambda: iam.delete_access_key(UserName=user, AccessKeyId=key)),
        ("must detach all policies first", lambda: iam.detach_user_policy(UserName=user, PolicyArn=FULL)),
        ("must delete policies first", lambda: iam.delete_user_policy(UserName=user, PolicyName="p")),
        (
            "must remove users from group first",
            lambda: iam.remove_user_from_group(GroupName=f"g-{user}", UserName=user),
        ),
    ]:
        refusal = error_of(iam.delete_user, UserName=user)
        assert refusal == Refusal("DeleteConflict", f"Cannot delete entity, {todo}.", 409)
        undo()
    iam.delete_user(UserName=user)


def test_what_terraform_asks_for_before_it_deletes_a_user(iam, user):
    assert iam.list_mfa_devices(UserName=user)["MFADevices"] == []
    assert iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"] == []
    assert iam.list_ssh_public_keys(UserName=user)["SSHPublicKeys"] == []
    assert iam.list_signing_certificates(UserName=user)["Certificates"] == []
    assert iam.list_service_specific_credentials(UserName=user)["ServiceSpecificCredentials"] == []
    refusal = error_of(iam.delete_login_profile, UserName=user)
    assert refusal == Refusal("NoSuchEntity", f"Login Profile for User {user} cannot be found.", 404)


def test_what_is_not_built_says_so(iam, user):
    assert error_of(iam.create_login_profile, UserName=user, Password="x").code == "UnsupportedOperation"


# Rights


def test_a_user_may_what_its_policies_say_and_no_more(server, iam, user, keys_of):
    keys = keys_of(user)
    ssm, own = server.client(keys=keys), server.client("iam", keys=keys)
    refusal = error_of(ssm.describe_activations)
    assert refusal == Refusal(
        "AccessDeniedException",
        f"User: arn:aws:iam::000000000000:user/{user} is not authorized to perform: ssm:DescribeActivations "
        "on resource: arn:aws:ssm:us-east-1:000000000000:* because no identity-based policy allows the "
        "ssm:DescribeActivations action",
    )
    iam.attach_user_policy(UserName=user, PolicyArn=READ_ONLY)
    ssm.describe_activations()
    assert error_of(ssm.create_activation, IamRole="Node").code == "AccessDeniedException"
    iam.put_user_policy(
        UserName=user, PolicyName="no", PolicyDocument=policy("ssm:DescribeActivations", effect="Deny")
    )
    assert "with an explicit deny in an identity-based policy" in error_of(ssm.describe_activations).message
    iam.delete_user_policy(UserName=user, PolicyName="no")
    ssm.describe_activations()
    iam.detach_user_policy(UserName=user, PolicyArn=READ_ONLY)
    assert error_of(ssm.describe_activations).code == "AccessDeniedException"
    # Who it is, everybody may ask; about identities, nobody by himself.
    assert server.client("sts", keys=keys).get_caller_identity()["Arn"].endswith(f":user/{user}")
    assert error_of(own.get_user) == Refusal(
        "AccessDenied",
        f"User: arn:aws:iam::000000000000:user/{user} is not authorized to perform: iam:GetUser on resource: "
        f"user {user} because no identity-based policy allows the iam:GetUser action",
        403,
    )


def test_a_group_gives_rights_and_takes_them(server, iam, user, keys_of):
    ssm = server.client(keys=keys_of(user))
    group = f"group-of-{user}"
    made = iam.create_group(GroupName=group, Path="/g/")["Group"]
    assert made["Arn"] == f"arn:aws:iam::000000000000:group/g/{group}"
    iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=policy("ssm:DescribeActivations"))
    assert error_of(ssm.describe_activations).code == "AccessDeniedException"
    iam.add_user_to_group(GroupName=group, UserName=user)
    ssm.describe_activations()
    assert [member["UserName"] for member in iam.get_group(GroupName=group)["Users"]] == [user]
    assert [its["GroupName"] for its in iam.list_groups_for_user(UserName=user)["Groups"]] == [group]
    assert iam.get_group_policy(GroupName=group, PolicyName="p")["PolicyDocument"] == json.loads(
        policy("ssm:DescribeActivations")
    )
    iam.remove_user_from_group(GroupName=group, UserName=user)
    assert error_of(ssm.describe_activations).code == "AccessDeniedException"


def test_a_boundary_is_the_most_that_a_user_may(server, iam, user, keys_of):
    keys = keys_of(user)
    iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=READ_ONLY)
    assert iam.get_user(UserName=user)["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    server.client(keys=keys).describe_activations()
    own = server.client("iam", keys=keys)
    refusal = error_of(own.delete_user_permissions_boundary, UserName=user)
    assert refusal.code == "AccessDenied"
    assert "because no permissions boundary allows the iam:DeleteUserPermissionsBoundary action" in refusal.message
    iam.delete_user_permissions_boundary(UserName=user)
    own.create_group(GroupName=f"by-{user}")


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("{", "Syntax errors in policy."),
        (json.dumps({"Version": "2012-10-17", "Statement": []}), None),
        (json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]}), None),
        (policy("ssm:*").replace('"Allow"', '"allow"'), None),
        (policy("ssm:*").replace('"Effect"', '"Effect": "Deny", "Effect"'), None),
        (policy("ssm:*").replace('"Effect"', '"Principal": "*", "Effect"'), None),
        (policy("ssm:*").replace('"Effect"', '"Extra": 1, "Effect"'), None),
    ],
)
def test_documents_that_are_no_policies_are_refused(iam, user, document, text):
    refusal = error_of(iam.put_user_policy, UserName=user, PolicyName="p", PolicyDocument=document)
    assert (refusal.code, refusal.status) == ("MalformedPolicyDocument", 400)
    assert text in (None, refusal.message)


def test_policies_of_a_user_have_a_size(iam, user):
    long = policy([f"ssm:{'x' * 60}{number}" for number in range(40)])
    refusal = error_of(iam.put_user_policy, UserName=user, PolicyName="p", PolicyDocument=long)
    assert refusal == Refusal("LimitExceeded", f"Maximum policy size of 2048 bytes exceeded for user {user}", 409)
    huge = policy("ssm:" + "x" * 1_000_000)
    careless = error_of(iam.put_user_policy, UserName=user, PolicyName="p", PolicyDocument=huge)
    assert careless.status in (400, 413)


# Keys


def test_a_user_has_two_keys(iam, user, keys_of):
    keys_of(user), keys_of(user)
    refusal = error_of(iam.create_access_key, UserName=user)
    assert refusal == Refusal("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409)
    assert {key["Status"] for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]} == {"Active"}


def test_a_key_that_is_switched_off_ends_at_once_on_every_path(server, iam, user, keys_of):
    keys = keys_of(user)
    iam.attach_user_policy(UserName=user, PolicyArn=FULL)
    # One client each that keeps its connection, a call signed in the query, and another service.
    ssm, sts = server.client(keys=keys), server.client("sts", keys=keys)
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=600, HttpMethod="GET")
    by_query = lambda: post(server.url, None, {}, path=url.removeprefix(server.url), method="GET").status  # noqa: E731
    signed = presign(json_request(server.url, "DescribeActivations", {}), keys, expires=600)
    assert ssm.describe_activations()["ActivationList"] == []
    assert (sts.get_caller_identity()["Account"], by_query(), send(signed).status) == ("000000000000", 200, 200)
    key = {"UserName": user, "AccessKeyId": keys.access_key_id}
    iam.update_access_key(**key, Status="Inactive")
    assert error_of(ssm.describe_activations).code == "UnrecognizedClientException"
    assert error_of(sts.get_caller_identity).code == "InvalidClientTokenId"
    assert (by_query(), send(signed).status) == (403, 400)
    iam.update_access_key(**key, Status="Active")
    ssm.describe_activations()
    iam.delete_access_key(**key)
    assert error_of(ssm.describe_activations).code == "UnrecognizedClientException"


def test_a_user_changes_its_own_keys(server, iam, user, keys_of):
    own = "arn:aws:iam::*:user/${aws:username}"
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=policy("iam:*AccessKey*", own))
    client = server.client("iam", keys=keys_of(user))
    new = client.create_access_key()["AccessKey"]
    assert new["UserName"] == user
    assert len(client.list_access_keys()["AccessKeyMetadata"]) == 2
    client.delete_access_key(AccessKeyId=new["AccessKeyId"])
    other = f"{user}-other"
    iam.create_user(UserName=other)
    refusal = error_of(client.create_access_key, UserName=other)
    assert (refusal.code, refusal.status) == ("AccessDenied", 403)
    assert f"iam:CreateAccessKey on resource: user {other} because" in refusal.message


def test_the_last_use_of_a_key(server, iam, user, keys_of):
    keys = keys_of(user)
    used = lambda: iam.get_access_key_last_used(AccessKeyId=keys.access_key_id)  # noqa: E731
    assert used()["UserName"] == user
    assert used()["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    error_of(server.client(keys=keys, region="eu-west-1").describe_activations)
    last = used()["AccessKeyLastUsed"]
    assert (last["ServiceName"], last["Region"]) == ("ssm", "eu-west-1")
    assert abs(last["LastUsedDate"] - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(minutes=5)
    # A signature that is wrong is no use.
    wrong = Keys(keys.access_key_id, "wrong")
    assert send(sign(json_request(server.url, "DescribeActivations", {}), wrong, region="x")).status == 400
    assert used()["AccessKeyLastUsed"]["Region"] == "eu-west-1"


def test_a_new_server_knows_users_and_keys(make_server):
    server = make_server()
    iam = server.client("iam")
    iam.create_user(UserName="u")
    iam.attach_user_policy(UserName="u", PolicyArn=READ_ONLY)
    key = iam.create_access_key(UserName="u")["AccessKey"]
    server.kill()
    server.start()
    keys = Keys(key["AccessKeyId"], key["SecretAccessKey"])
    assert server.client(keys=keys).describe_activations()["ActivationList"] == []
    assert [role["RoleName"] for role in server.client("iam").list_roles()["Roles"]] == [
        "AmazonEC2RunCommandRoleForManagedInstances"
    ]


# The account and the CLI


def test_identities_are_the_same_in_every_region(server, iam, user):
    assert server.client("iam", region="ap-south-1").get_user(UserName=user)["User"]["UserName"] == user


def test_the_account_has_an_alias_and_a_summary(iam):
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias="acme-corp")
    assert iam.list_account_aliases()["AccountAliases"] == ["acme-corp"]
    iam.delete_account_alias(AccountAlias="acme-corp")
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["AccessKeysPerUserQuota"], summary["UsersQuota"], summary["AccountAccessKeysPresent"]) == (2, 5000, 1)


def test_the_root_is_no_user(iam):
    root = iam.get_user()["User"]
    assert (root["Arn"], root["UserId"]) == ("arn:aws:iam::000000000000:root", "000000000000")


def test_the_cli_reads_and_writes(aws):
    made = aws("iam", "create-user", "--user-name", "cli", "--tags", "Key=a,Value=b")
    assert made["User"]["UserName"] == "cli"
    aws("iam", "attach-user-policy", "--user-name", "cli", "--policy-arn", READ_ONLY)
    listed = aws("iam", "list-attached-user-policies", "--user-name", "cli")
    assert listed["AttachedPolicies"] == [{"PolicyName": "AmazonSSMReadOnlyAccess", "PolicyArn": READ_ONLY}]
    aws("iam", "put-user-policy", "--user-name", "cli", "--policy-name", "p", "--policy-document", policy("ssm:*"))
    shown = aws("iam", "get-user-policy", "--user-name", "cli", "--policy-name", "p")
    assert shown["PolicyDocument"] == json.loads(policy("ssm:*"))
    assert aws("iam", "list-user-tags", "--user-name", "cli")["Tags"] == [{"Key": "a", "Value": "b"}]
    names = aws("iam", "list-users", "--query", "Users[?UserName=='cli'].UserName", "--page-size", "1")
    assert names == ["cli"]
