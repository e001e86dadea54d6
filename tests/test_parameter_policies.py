"""Policies of parameters: what they may be, how they are shown, and that an expired parameter goes."""

import datetime
import json

import pytest

from support.clients import error_of
from support.waiting import eventually


def in_(**time):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**time)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def expiration(at=None):
    return {"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": at or in_(days=30)}}


def before(count="15", unit="Days"):
    return {"Type": "ExpirationNotification", "Version": "1.0", "Attributes": {"Before": count, "Unit": unit}}


def after(count="60", unit="Days"):
    return {"Type": "NoChangeNotification", "Version": "1.0", "Attributes": {"After": count, "Unit": unit}}


def put(ssm, name, policies=None, **more):
    given = {} if policies is None else {"Policies": policies if isinstance(policies, str) else json.dumps(policies)}
    return ssm.put_parameter(
        **{"Name": name, "Value": "v", "Type": "String", "Tier": "Advanced", "Overwrite": True} | given | more
    )


def shown(ssm, name):
    found = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])["Parameters"]
    return found[0]["Policies"]


def compact(policy):
    return json.dumps(policy, separators=(",", ":"))


def test_policies_are_shown(ssm):
    policies = [expiration(), before(), after("20", "Hours")]
    put(ssm, "/shown", policies)
    assert shown(ssm, "/shown") == [
        {"PolicyText": compact(policy), "PolicyType": policy["Type"], "PolicyStatus": "Pending"} for policy in policies
    ]
    # The history tells what they are, not what became of them.
    history = ssm.get_parameter_history(Name="/shown")["Parameters"]
    assert history[0]["Policies"] == [
        {"PolicyText": compact(policy), "PolicyType": policy["Type"]} for policy in policies
    ]


def test_policies_stay_until_others_are_given(ssm):
    put(ssm, "/stay", [after()])
    put(ssm, "/stay", Value="w")
    assert [policy["PolicyType"] for policy in shown(ssm, "/stay")] == ["NoChangeNotification"]
    put(ssm, "/stay", [expiration()])
    assert [policy["PolicyType"] for policy in shown(ssm, "/stay")] == ["Expiration"]
    for none in ("[]", "[{}]"):
        put(ssm, "/stay", [after()])
        put(ssm, "/stay", none)
        assert shown(ssm, "/stay") == []
    assert [len(version["Policies"]) for version in ssm.get_parameter_history(Name="/stay")["Parameters"][:3]] == [1, 1, 1]


def test_one_that_comes_twice_counts_once(ssm):
    policy = expiration()
    put(ssm, "/twice", [policy, policy])
    assert len(shown(ssm, "/twice")) == 1


@pytest.mark.parametrize(
    ("policies", "code", "text"),
    [
        ("not-json", "ValidationException", "Invalid policies input: not-json."),
        ([{"Type": "BadType", "Version": "1.0", "Attributes": {}}], "InvalidPolicyTypeException", "Policy type BadType is not supported."),
        ([after("0")], "InvalidPolicyAttributeException", "Attribute After must be a positive integer."),
        ([after("0.5")], "InvalidPolicyAttributeException", "Attribute After must be a positive integer smaller than 8760000 ."),
        ([after("8760000")], "InvalidPolicyAttributeException", None),
        ([after("1", "Weeks")], "InvalidPolicyAttributeException", None),
        ([expiration("tomorrow")], "InvalidPolicyAttributeException", None),
        ([after() | {"Version": "2.0"}], "InvalidPolicyAttributeException", None),
        ([expiration(in_(days=1)), expiration(in_(days=2))], "IncompatiblePolicyException", None),
        ([before()], "IncompatiblePolicyException", None),
        ([after(str(days)) for days in range(1, 12)], "PoliciesLimitExceededException", None),
    ],
)
def test_policies_that_cannot_be(ssm, policies, code, text):
    refusal = error_of(put, ssm, "/refused", policies)
    assert refusal.code == code
    assert text is None or refusal.message == text


def test_policies_need_the_advanced_tier(ssm):
    refusal = error_of(put, ssm, "/standard", [after()], Tier="Standard")
    assert refusal.code == "ValidationException"
    assert refusal.message.startswith("You can't assign parameter policies to a standard-parameter tier.")
    assert put(ssm, "/intelligent", [after()], Tier="Intelligent-Tiering")["Tier"] == "Advanced"


def test_an_expired_parameter_goes_even_if_the_server_was_down(make_server):
    server = make_server()
    ssm = server.client()
    put(ssm, "/gone", [expiration(in_(seconds=3))])
    put(ssm, "/kept", [expiration()])
    server.kill()
    ssm = server.start().client()

    def gone():
        return error_of(ssm.get_parameter, Name="/gone").code == "ParameterNotFound"

    eventually(gone, within=60, what="the parameter has expired")
    assert [each["Name"] for each in ssm.describe_parameters()["Parameters"]] == ["/kept"]
