"""Events: what changes reaches the webhooks and topics that ask for it, at least once, whatever breaks on the way."""

import hashlib
import hmac
import json
import uuid

import pytest

from support.admin import Admin
from support.clients import REGION
from support.waiting import eventually, never
from support.webhook import Endpoint

ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def admin(server):
    return Admin(server)


@pytest.fixture
def endpoint():
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


@pytest.fixture
def target(admin, endpoint):
    """Makes targets that end with the test."""
    made = []

    def make(path="/hook", **members):
        name = members.pop("Name", uuid.uuid4().hex)
        admin("PutEventTarget", **{"Name": name, "Destination": endpoint.url(path)} | members)
        made.append(name)
        return name

    yield make
    for name in made:
        admin("DeleteEventTarget", Name=name)


def put(ssm, name, value="v", **more):
    return ssm.put_parameter(Name=name, Value=value, Type="String", **more)


def failed(admin):
    return admin("ListFailedDeliveries")["FailedDeliveries"]


def test_a_change_of_a_parameter_reaches_a_webhook_as_an_event(ssm, target, endpoint):
    target()
    put(ssm, "/events/one", Description="first")
    [got] = endpoint.wait()
    event = got.json()
    assert uuid.UUID(event.pop("id")) and event.pop("time").endswith("Z")
    assert event == {
        "version": "0",
        "detail-type": "Parameter Store Change",
        "source": "aws.ssm",
        "account": ACCOUNT,
        "region": REGION,
        "resources": [f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/events/one"],
        "detail": {"operation": "Create", "name": "/events/one", "type": "String", "description": "first"},
    }
    assert got.headers["content-type"] == "application/json"
    assert got.headers["x-muster-delivery-attempt"] == "1"
    put(ssm, "/events/one", "w", Overwrite=True)
    ssm.delete_parameter(Name="/events/one")
    events = [one.json()["detail"]["operation"] for one in endpoint.wait(3)]
    assert sorted(events) == ["Create", "Delete", "Update"]


def test_a_secret_signs_every_call(ssm, target, endpoint):
    target(Secret="0123456789abcdef")
    put(ssm, "/events/signed")
    [got] = endpoint.wait()
    parts = dict(part.split("=") for part in got.headers["x-muster-signature"].split(","))
    expected = hmac.new(b"0123456789abcdef", f"{parts['t']}.{got.body}".encode(), hashlib.sha256).hexdigest()
    assert parts["v1"] == expected


def test_a_pattern_chooses_the_events(ssm, target, endpoint):
    pattern = {"source": ["aws.ssm"], "detail": {"name": [{"prefix": "/events/chosen/"}], "operation": ["Create"]}}
    target(EventPattern=json.dumps(pattern))
    target("/all")
    put(ssm, "/events/other")
    put(ssm, "/events/chosen/a")
    put(ssm, "/events/chosen/a", "w", Overwrite=True)
    endpoint.wait(3, "/all")
    assert [one.json()["detail"]["name"] for one in endpoint.at("/hook")] == ["/events/chosen/a"]


def test_what_is_no_target_is_refused(admin):
    def refusal(**members):
        return admin.refusal("PutEventTarget", **{"Name": "x", "Destination": "https://example.com"} | members)

    for destination in ("ftp://example.com", "example.com", "https://", "http://user:pass@example.com/", "arn:aws:sns:x"):
        assert refusal(Destination=destination).code == "ValidationException", destination
    assert refusal(Destination=f"arn:aws:sns:{REGION}:{ACCOUNT}:absent").code == "NotFoundException"
    assert refusal(Destination=f"arn:aws:sns:{REGION}:111111111111:t").code == "ValidationException"
    wrong = refusal(EventPattern='{"source":[{"prefx":"x"}]}')
    assert wrong.code == "InvalidPatternException"
    assert wrong.message == "Event pattern is not valid. Reason: Unrecognized match type prefx"
    assert refusal(EventPattern="{").code == "InvalidPatternException"
    assert refusal(Name="a/b").code == "ValidationException"
    assert refusal(Secret="short").code == "ValidationException"
    assert admin.refusal("DeleteEventTarget", Name="absent").code == "NotFoundException"
    assert admin.refusal("ListEventTargets", NextToken="x").code == "InvalidNextTokenException"


def test_targets_are_listed_without_their_secrets(admin, target, endpoint):
    names = sorted(target(Name=f"listed-{number}", Secret="0123456789abcdef") for number in range(3))
    first = admin("ListEventTargets", MaxResults=2)
    rest = admin("ListEventTargets", NextToken=first["NextToken"])
    listed = first["EventTargets"] + rest["EventTargets"]
    assert [one["Name"] for one in listed] == names and "NextToken" not in rest
    assert "Secret" not in json.dumps(listed) and listed[0]["Destination"] == endpoint.url()


def test_targets_belong_to_an_account_and_a_region(server, ssm, target, endpoint):
    target()
    elsewhere = Admin(server, region="eu-west-1")
    assert elsewhere("ListEventTargets")["EventTargets"] == []
    assert elsewhere.refusal("DeleteEventTarget", Name="x").code == "NotFoundException"
    put(server.client(region="eu-west-1"), "/events/elsewhere")
    put(ssm, "/events/here")
    assert [one.json()["detail"]["name"] for one in endpoint.wait()] == ["/events/here"]


def test_a_webhook_that_fails_is_tried_again(ssm, target, endpoint):
    endpoint.answers = [500, 503, 429, 408]
    target()
    put(ssm, "/events/again")
    attempts = endpoint.wait(5)
    assert {one.body for one in attempts} == {attempts[0].body}
    assert [one.headers["x-muster-delivery-attempt"] for one in attempts] == ["1", "2", "3", "4", "5"]
    never(lambda: len(endpoint.at("/hook")) > 5, within=0.5)


def test_what_a_webhook_refuses_for_good_is_kept_as_failed(admin, ssm, target, endpoint):
    endpoint.status = 404
    target()
    put(ssm, "/events/refused")
    [lost] = eventually(lambda: [one for one in failed(admin) if "/events/refused" in one["Message"]])
    assert lost["Attempts"] == 1 and lost["Error"] == "the endpoint answered with status 404"
    assert lost["Destination"] == endpoint.url()
    assert Admin(admin.server, region="eu-west-1")("ListFailedDeliveries")["FailedDeliveries"] == []


def test_a_redirect_is_not_followed(admin, ssm, target, endpoint):
    endpoint.answers = [302]
    endpoint.headers = {"Location": endpoint.url("/elsewhere")}
    target()
    put(ssm, "/events/redirected")
    eventually(lambda: [one for one in failed(admin) if "/events/redirected" in one["Message"]])
    assert endpoint.at("/elsewhere") == []


def test_link_local_addresses_are_not_called(admin, ssm, target):
    target(Destination="http://169.254.169.254/latest/meta-data/")
    put(ssm, "/events/metadata")
    [lost] = eventually(lambda: [one for one in failed(admin) if "/events/metadata" in one["Message"]])
    assert "169.254.169.254 is in a network" in lost["Error"]


def test_a_webhook_that_hangs_delays_no_other(ssm, target, endpoint):
    stuck = Endpoint()
    stuck.gate.clear()
    try:
        target(Destination=stuck.url())
        target()
        for number in range(20):
            put(ssm, f"/events/delay/{number}")
        endpoint.wait(20, within=10)
        assert len(stuck.received) <= 8
    finally:
        stuck.close()


def test_a_killed_server_loses_nothing(make_server, endpoint):
    server = make_server()
    ssm, admin = server.client(), Admin(server)
    admin("PutEventTarget", Name="t", Destination=endpoint.url())
    endpoint.gate.clear()
    for number in range(30):
        put(ssm, f"/killed/{number}")
    endpoint.wait()
    server.kill()
    endpoint.gate.set()
    server.start()
    names = lambda: {one.json()["detail"]["name"] for one in endpoint.at("/hook")}  # noqa: E731
    eventually(lambda: len(names()) == 30, what="every event arrived")


def test_events_reach_a_topic(server, admin, ssm, endpoint, target):
    sns = server.client("sns")
    arn = sns.create_topic(Name="events")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=endpoint.url())
    token = endpoint.wait_kind("SubscriptionConfirmation")[0].json()["Token"]
    sns.confirm_subscription(TopicArn=arn, Token=token)
    target(Destination=arn)
    put(ssm, "/events/topic")
    [message] = endpoint.wait_kind("Notification")
    event = json.loads(message.json()["Message"])
    assert event["detail"]["name"] == "/events/topic" and event["source"] == "aws.ssm"
    assert admin.refusal("PutEventTarget", Name="x", Destination=arn, Secret="0123456789abcdef").code == "ValidationException"
