"""Users, roles and further accounts, made as an administrator makes them: through IAM and Muster's own API."""

import itertools
import json

from support.clients import Keys, json_request, send, sign

_numbers = itertools.count()


def policy(*statements):
    """A policy document of these statements, as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, resources="*", **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resources} | more


def deny(actions, resources="*", **more):
    return {"Effect": "Deny", "Action": actions, "Resource": resources} | more


def trust(principal, actions="sts:AssumeRole", **more):
    return {"Effect": "Allow", "Principal": principal, "Action": actions} | more


def name_of(kind):
    return f"{kind}-{next(_numbers)}"


def user(server, *statements, name=None, tags=None, root=None):
    """The keys of a new user who may do what these statements say."""
    iam = server.client("iam", keys=root)
    name = name or name_of("user")
    iam.create_user(UserName=name, Tags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()])
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return Keys(made["AccessKeyId"], made["SecretAccessKey"])


def role(server, trusted, *statements, name=None, root=None, **settings):
    """The ARN of a new role that trusts as told, whose sessions may do what these statements say."""
    iam = server.client("iam", keys=root)
    name = name or name_of("role")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(*trusted), **settings)["Role"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
    return made["Arn"]


def assume(server, keys, arn, **more):
    """The keys of a new session."""
    sts = server.client("sts", keys=keys)
    made = sts.assume_role(**({"RoleArn": arn, "RoleSessionName": "session"} | more))["Credentials"]
    return session_keys(made)


def session_keys(credentials):
    return Keys(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])


def account(server):
    """The id and the root keys of a new account."""
    request = json_request(server.url, "CreateAccount", {"Name": name_of("account")}, target_prefix="Muster_20261120")
    answer = send(sign(request, server.root, service="muster"), ca=server.ca)
    assert answer.status == 200, answer.body
    made = answer.json()
    key = made["RootAccessKey"]
    return made["Account"]["AccountId"], Keys(key["AccessKeyId"], key["SecretAccessKey"])
