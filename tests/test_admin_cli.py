"""`muster admin`: accounts, identities and the server's own affairs from the command line."""

import json
import re
import uuid

import botocore.exceptions
import pytest

from support import identities
from support.clients import Keys

READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}],
}


def exported(text):
    """The variables that a made key is printed as."""
    return dict(line.removeprefix("export ").split("=", 1) for line in text.splitlines())


@pytest.fixture
def name():
    return f"cli-{uuid.uuid4().hex[:12]}"


def test_a_user_with_a_key_and_a_policy(muster, server, ssm, name):
    made = muster("admin", "user", "create", name, "--policy", "AmazonSSMReadOnlyAccess", "--key")
    key = exported(made.stdout)
    client = server.client(keys=Keys(key["AWS_ACCESS_KEY_ID"], key["AWS_SECRET_ACCESS_KEY"]))
    client.describe_instance_information()
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        client.put_parameter(Name=f"/{name}", Value="v", Type="String")
    assert re.search(rf"^ *{name} ", muster("admin", "user", "list").stdout, re.M)
    shown = muster("admin", "user", "show", name).stdout
    assert "AmazonSSMReadOnlyAccess" in shown and key["AWS_ACCESS_KEY_ID"] in shown

    muster("admin", "key", "deactivate", key["AWS_ACCESS_KEY_ID"], "--user", name)
    with pytest.raises(botocore.exceptions.ClientError, match="UnrecognizedClientException"):
        client.describe_instance_information()
    muster("admin", "key", "activate", key["AWS_ACCESS_KEY_ID"], "--user", name)
    client.describe_instance_information()

    refused = muster("admin", "user", "delete", name, expect=3)
    assert "DeleteConflict" in refused.stderr
    muster("admin", "user", "delete", name, "--force")
    assert "NoSuchEntity" in muster("admin", "user", "show", name, expect=3).stderr


def test_a_policy_from_a_file(muster, name, tmp_path):
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(READ))
    muster("admin", "user", "create", name)
    muster("admin", "policy", "create", name, file)
    question = ["admin", "policy", "simulate", "--user", name, "ssm:GetParameter"]
    assert "implicitDeny" in muster(*question, expect=1).stdout
    muster("admin", "policy", "attach", name, "--user", name)
    assert "allowed" in muster(*question).stdout
    assert json.loads(muster("admin", "policy", "show", name).stdout) == READ
    for action in ["ssm:PutParameter", "ssm:DeleteParameter", "ssm:SendCommand", "ssm:ListNodes", "ssm:ListCommands"]:
        document = READ | {"Statement": [READ["Statement"][0] | {"Action": action}]}
        muster("admin", "policy", "update", name, "-", input=json.dumps(document))
    assert "implicitDeny" in muster(*question, expect=1).stdout
    assert "MalformedPolicyDocument" in muster("admin", "policy", "update", name, "-", input="{}", expect=3).stderr
    muster("admin", "policy", "detach", name, "--user", name)
    muster("admin", "policy", "delete", name)
    assert f"there is no policy `{name}`" in muster("admin", "policy", "show", name, expect=2).stderr


def test_a_role_and_the_end_of_its_sessions(muster, server, name):
    account = json.loads(muster("admin", "account", "list", "-o", "json").stdout)[0]["AccountId"]
    muster("admin", "role", "create", name, "--trust-account", account, "--policy", "AmazonSSMReadOnlyAccess")
    arn = f"arn:aws:iam::{account}:role/{name}"
    user = identities.user(server, identities.allow("sts:AssumeRole", arn), name=f"{name}-user")
    session = server.client(keys=identities.assume(server, user, arn))
    session.describe_instance_information()
    muster("admin", "role", "revoke-sessions", name)
    with pytest.raises(botocore.exceptions.ClientError, match="explicit deny"):
        session.describe_instance_information()
    assert "AWSRevokeOlderSessions" in muster("admin", "role", "show", name).stdout
    muster("admin", "role", "delete", name, "--force")


def test_an_account_is_a_world_of_its_own(muster, server, ssm, name):
    made = muster("admin", "account", "create", name, "-o", "json")
    made = json.loads(made.stdout)
    key = made["RootAccessKey"]
    other = server.client(keys=Keys(key["AccessKeyId"], key["SecretAccessKey"]))
    ssm.put_parameter(Name=f"/{name}", Value="v", Type="String")
    with pytest.raises(other.exceptions.ParameterNotFound):
        other.get_parameter(Name=f"/{name}")
    assert name in muster("admin", "account", "list").stdout
    muster("admin", "account", "suspend", made["Account"]["AccountId"])
    with pytest.raises(botocore.exceptions.ClientError):
        other.describe_parameters()
    muster("admin", "account", "activate", made["Account"]["AccountId"])
    other.describe_parameters()
    refused = muster(
        "admin", "account", "list", expect=3,
        AWS_ACCESS_KEY_ID=key["AccessKeyId"], AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"],
    )
    assert "administers the installation" in refused.stderr


def test_the_server_itself(muster, ssm, name):
    tasks = muster("admin", "tasks", "list").stdout
    assert re.search(r"^ *command_deadlines ", tasks, re.M)
    muster("admin", "tasks", "run", "command_deadlines")
    assert "NotFoundException" in muster("admin", "tasks", "run", "none", expect=3).stderr

    ssm.put_parameter(Name=f"/{name}", Value="hush", Type="SecureString")
    before = muster("admin", "master-key", "show").stdout
    after = muster("admin", "master-key", "rotate").stdout
    assert before.splitlines()[0] != after.splitlines()[0]
    assert ssm.get_parameter(Name=f"/{name}", WithDecryption=True)["Parameter"]["Value"] == "hush"

    assert "The audit trail is whole" in muster("admin", "audit", "verify").stdout


def test_targets_of_events(muster, name, tmp_path):
    pattern = tmp_path / "pattern.json"
    pattern.write_text(json.dumps({"source": ["aws.ssm"]}))
    muster("admin", "event-target", "put", name, "https://example.invalid/hook", "--pattern", pattern)
    assert "https://example.invalid/hook" in muster("admin", "event-target", "list").stdout
    assert json.loads(muster("admin", "event-target", "failed", "-o", "json").stdout) == []
    muster("admin", "event-target", "delete", name)
    assert name not in muster("admin", "event-target", "list").stdout
