"""CreateActivation, DescribeActivations, DeleteActivation: the tickets with which machines join."""

import datetime
import json
import re
import uuid

import pytest

from support.clients import NODE_ROLE, error_of


def described(ssm, activation_id):
    filters = [{"FilterKey": "ActivationIds", "FilterValues": [activation_id]}]
    return ssm.describe_activations(Filters=filters)["ActivationList"]


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def test_an_activation_is_made_and_described(ssm):
    made = ssm.create_activation(
        IamRole=NODE_ROLE,
        Description="the lab",
        DefaultInstanceName="bench",
        RegistrationLimit=7,
        Tags=[{"Key": "site", "Value": "lab"}],
    )
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["ActivationId"])
    assert 20 <= len(made["ActivationCode"]) <= 250
    (activation,) = described(ssm, made["ActivationId"])
    assert activation["IamRole"] == NODE_ROLE
    assert activation["Description"] == "the lab"
    assert activation["DefaultInstanceName"] == "bench"
    assert activation["RegistrationLimit"] == 7
    assert activation["RegistrationsCount"] == 0
    assert activation["Tags"] == [{"Key": "site", "Value": "lab"}]
    assert activation["Expired"] is False
    assert "ActivationCode" not in activation


def test_an_activation_is_good_for_one_machine_and_a_day_unless_told_otherwise(ssm):
    made = ssm.create_activation(IamRole=NODE_ROLE)
    (activation,) = described(ssm, made["ActivationId"])
    assert activation["RegistrationLimit"] == 1
    left = activation["ExpirationDate"] - now()
    assert datetime.timedelta(hours=23, minutes=59) < left <= datetime.timedelta(hours=24)


@pytest.mark.parametrize("days", [-1, 31])
def test_an_end_in_the_past_or_too_far_away_is_refused(ssm, days):
    refusal = error_of(
        ssm.create_activation, IamRole=NODE_ROLE, ExpirationDate=now() + datetime.timedelta(days=days)
    )
    assert refusal.code == "ValidationException"


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_limit_out_of_range_is_refused(careless_ssm, limit):
    assert error_of(careless_ssm.create_activation, IamRole=NODE_ROLE, RegistrationLimit=limit).code == (
        "ValidationException"
    )


def test_activations_can_be_filtered(server, ssm):
    role, name = server.node_role(f"role-{uuid.uuid4().hex}"), f"name-{uuid.uuid4().hex}"
    one = ssm.create_activation(IamRole=role)["ActivationId"]
    two = ssm.create_activation(IamRole=NODE_ROLE, DefaultInstanceName=name)["ActivationId"]

    def ids(key, value):
        filters = [{"FilterKey": key, "FilterValues": [value]}]
        return [a["ActivationId"] for a in ssm.describe_activations(Filters=filters)["ActivationList"]]

    assert ids("IamRole", role) == [one]
    assert ids("DefaultInstanceName", name) == [two]
    assert ids("ActivationIds", str(uuid.uuid4())) == []


@pytest.mark.parametrize("role", ["Nobody", "AmazonEC2RunCommandRoleForManagedInstances", "a b"])
def test_a_role_must_exist_under_its_path(careless_ssm, role):
    refusal = error_of(careless_ssm.create_activation, IamRole=role)
    assert refusal.code == "ValidationException"
    assert refusal.message.startswith("Nonexistent role or missing ssm service principal in trust policy: arn:aws:iam::")
    assert refusal.message.endswith(f":role/{role}")


def test_a_role_must_trust_systems_manager(server, ssm):
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    server.client("iam").create_role(RoleName="ForMachines", AssumeRolePolicyDocument=document)
    refusal = error_of(ssm.create_activation, IamRole="ForMachines")
    assert refusal.message.startswith("Nonexistent role or missing ssm service principal in trust policy")


def test_activations_are_paged(make_server):
    ssm = make_server().client()
    made = {ssm.create_activation(IamRole=NODE_ROLE)["ActivationId"] for _ in range(7)}
    pages = list(ssm.get_paginator("describe_activations").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["ActivationList"]) for page in pages] == [3, 3, 1]
    assert {a["ActivationId"] for page in pages for a in page["ActivationList"]} == made


def test_a_token_that_was_never_given_is_refused(ssm):
    assert error_of(ssm.describe_activations, NextToken="made up").code == "InvalidNextToken"


def test_a_deleted_activation_is_gone(ssm):
    made = ssm.create_activation(IamRole=NODE_ROLE)["ActivationId"]
    ssm.delete_activation(ActivationId=made)
    assert described(ssm, made) == []
    assert error_of(ssm.delete_activation, ActivationId=made).code == "InvalidActivation"


def test_an_id_that_is_none_is_refused(careless_ssm):
    assert error_of(careless_ssm.delete_activation, ActivationId="nonsense").code == "ValidationException"


def test_the_cli_makes_one(aws):
    made = aws("ssm", "create-activation", "--iam-role", NODE_ROLE, "--registration-limit", "3")
    listed = aws("ssm", "describe-activations", "--filters", f"FilterKey=ActivationIds,FilterValues={made['ActivationId']}")
    assert listed["ActivationList"][0]["RegistrationLimit"] == 3
