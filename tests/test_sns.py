"""SNS: topics, subscriptions that confirm themselves, and messages that a subscriber can verify."""

import base64
import contextlib
import json
import urllib.error
import urllib.parse
import uuid

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from support.admin import Admin
from support.clients import REGION, error_of
from support.waiting import eventually, never
from support.webhook import Endpoint, visit

ACCOUNT = "000000000000"
NO_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:absent"


@pytest.fixture(scope="module")
def sns(server):
    return server.client("sns")


@pytest.fixture(scope="module")
def careless_sns(server):
    return server.client("sns", validate=False)


@pytest.fixture
def endpoint():
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


@pytest.fixture
def topic(sns):
    arn = sns.create_topic(Name=uuid.uuid4().hex)["TopicArn"]
    yield arn
    sns.delete_topic(TopicArn=arn)


def subscribe(sns, topic, endpoint, path="/hook", **attributes):
    """A confirmed subscription."""
    arn = sns.subscribe(
        TopicArn=topic, Protocol="http", Endpoint=endpoint.url(path), Attributes=attributes, ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    asked = endpoint.wait_kind("SubscriptionConfirmation", path=path)[-1].json()
    sns.confirm_subscription(TopicArn=topic, Token=asked["Token"])
    return arn


def verify(message):
    """As SNS documents it: the certificate from its URL, the signature over the lines of the message."""
    certificate = x509.load_pem_x509_certificate(visit(message["SigningCertURL"]).encode())
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    algorithm = {"1": hashes.SHA1(), "2": hashes.SHA256()}[message["SignatureVersion"]]
    signature = base64.b64decode(message["Signature"])
    certificate.public_key().verify(signature, text.encode(), padding.PKCS1v15(), algorithm)


# Topics


def test_making_a_topic_twice_gives_the_same(sns):
    first = sns.create_topic(Name="twice", Attributes={"DisplayName": "d"}, Tags=[{"Key": "k", "Value": "v"}])
    arn = first["TopicArn"]
    assert arn == f"arn:aws:sns:{REGION}:{ACCOUNT}:twice"
    assert sns.create_topic(Name="twice")["TopicArn"] == arn
    assert sns.create_topic(Name="twice", Tags=[{"Key": "k", "Value": "v"}])["TopicArn"] == arn
    attributes = error_of(sns.create_topic, Name="twice", Attributes={"DisplayName": "other"})
    assert attributes.message == "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
    tags = error_of(sns.create_topic, Name="twice", Tags=[{"Key": "k", "Value": "w"}])
    assert tags.message == "Invalid parameter: Tags Reason: Topic already exists with different tags"
    assert {"TopicArn": arn} in sns.list_topics()["Topics"]
    sns.delete_topic(TopicArn=arn)
    sns.delete_topic(TopicArn=arn)
    assert {"TopicArn": arn} not in sns.list_topics()["Topics"]


def test_names_of_topics(sns):
    for name in ("", "a b", "a.b", "ä", "x" * 257, "queue.fifo"):
        refusal = error_of(sns.create_topic, Name=name)
        assert (refusal.code, refusal.message) == ("InvalidParameter", "Invalid parameter: Topic Name"), name
    fifo = error_of(sns.create_topic, Name="queue.fifo", Attributes={"FifoTopic": "true"})
    assert fifo.code == "InvalidParameter" and "no FIFO topics" in fifo.message


def test_what_a_topic_says_of_itself(sns, topic):
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="Operations")
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert attributes["DisplayName"] == "Operations" and attributes["Owner"] == ACCOUNT
    assert json.loads(attributes["Policy"])["Id"] == "__default_policy_ID"
    retries = json.loads(attributes["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]
    assert (retries["numRetries"], retries["minDelayTarget"]) == (3, 20)
    assert attributes["SubscriptionsConfirmed"] == attributes["SubscriptionsPending"] == "0"
    unknown = error_of(sns.set_topic_attributes, TopicArn=topic, AttributeName="Color", AttributeValue="x")
    assert (unknown.code, unknown.message) == ("InvalidParameter", "Invalid parameter: AttributeName")
    broken = error_of(sns.set_topic_attributes, TopicArn=topic, AttributeName="Policy", AttributeValue="{")
    assert broken.code == "InvalidParameter" and broken.message.startswith("Invalid parameter: Policy Error")


def test_topics_that_are_not_there(sns):
    for call in (sns.get_topic_attributes, sns.list_subscriptions_by_topic):
        missing = error_of(call, TopicArn=NO_TOPIC)
        assert (missing.code, missing.message, missing.status) == ("NotFound", "Topic does not exist", 404)
        short = error_of(call, TopicArn="randomtopic")
        assert short.message == "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"
    assert error_of(sns.publish, TopicArn=NO_TOPIC, Message="x").code == "NotFound"
    other_region = NO_TOPIC.replace(REGION, "eu-west-1")
    assert error_of(sns.publish, TopicArn=other_region, Message="x").message == "Invalid parameter: TopicArn"


def test_tags_of_a_topic(sns, topic):
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "2"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["b", "absent"])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "a", "Value": "2"}]
    twice = error_of(sns.tag_resource, ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])
    assert twice.message == "Invalid parameter: Duplicated keys are not allowed."
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]
    assert error_of(sns.tag_resource, ResourceArn=topic, Tags=many).code == "TagLimitExceeded"
    missing = error_of(sns.list_tags_for_resource, ResourceArn=NO_TOPIC)
    assert (missing.code, missing.message, missing.status) == ("ResourceNotFound", "Resource does not exist", 404)


def test_permissions_are_statements_of_the_policy(sns, topic):
    sns.add_permission(TopicArn=topic, Label="friends", AWSAccountId=["111111111111"], ActionName=["Publish"])
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert policy["Statement"][1] == {
        "Sid": "friends",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        "Action": "SNS:Publish",
        "Resource": topic,
    }
    again = error_of(
        sns.add_permission, TopicArn=topic, Label="friends", AWSAccountId=["111111111111"], ActionName=["Publish"]
    )
    assert again.message == "Invalid parameter: Statement already exists"
    sns.remove_permission(TopicArn=topic, Label="friends")
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert len(policy["Statement"]) == 1


# Subscriptions


def test_an_endpoint_confirms_by_visiting_the_url(sns, topic, endpoint):
    answer = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url())
    assert answer["SubscriptionArn"] == "pending confirmation"
    [asked] = endpoint.wait()
    message = asked.json()
    assert message["Type"] == asked.kind == "SubscriptionConfirmation" and message["TopicArn"] == topic
    assert asked.headers["x-amz-sns-topic-arn"] == topic and asked.headers["x-amz-sns-message-id"] == message["MessageId"]
    assert asked.headers["content-type"] == "text/plain; charset=UTF-8"
    assert asked.headers["user-agent"] == "Amazon Simple Notification Service Agent"
    verify(message)
    listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [one["SubscriptionArn"] for one in listed] == ["PendingConfirmation"]
    sns.publish(TopicArn=topic, Message="too early")

    assert "<SubscriptionArn>" + topic in visit(message["SubscribeURL"])
    visit(message["SubscribeURL"])  # twice is no error
    [listed] = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"].startswith(topic + ":") and listed["Endpoint"] == endpoint.url()
    attributes = sns.get_subscription_attributes(SubscriptionArn=listed["SubscriptionArn"])["Attributes"]
    assert attributes["PendingConfirmation"] == "false" and attributes["ConfirmationWasAuthenticated"] == "false"
    sns.publish(TopicArn=topic, Message="in time")
    [got] = endpoint.wait_kind("Notification")
    assert got.json()["Message"] == "in time"


def test_tokens_that_are_not_ours(sns, topic, endpoint):
    for token in ("x", "00" * 64, "é"):
        refusal = error_of(sns.confirm_subscription, TopicArn=topic, Token=token)
        assert (refusal.code, refusal.message) == ("InvalidParameter", "Invalid token"), token
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url())
    token = endpoint.wait()[0].json()["Token"]
    assert error_of(sns.confirm_subscription, TopicArn=NO_TOPIC, Token=token).message == "Invalid parameter: Token"
    assert error_of(sns.confirm_subscription, TopicArn="broken", Token=token).message == "Invalid parameter: Topic"


def test_what_cannot_be_subscribed(sns, topic):
    def refusal(protocol, endpoint, **more):
        return error_of(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint, **more).message

    assert refusal("test-protocol", "x") == (
        "Invalid parameter: Amazon SNS does not support this protocol string: test-protocol"
    )
    assert refusal("file", "x").endswith("does not support this protocol string: file")
    for protocol in ("sqs", "lambda", "email", "sms"):
        assert "this server delivers to http and https endpoints" in refusal(protocol, "x")
    assert refusal("https", "http://example.com") == "Invalid parameter: Endpoint must match the specified protocol"
    assert refusal("http", "nowhere") == "Invalid parameter: Endpoint"
    wrong = refusal("http", "http://example.com", Attributes={"RawMessageDelivery": "maybe"})
    assert wrong.startswith("Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [maybe].")
    assert error_of(sns.subscribe, TopicArn=NO_TOPIC, Protocol="http", Endpoint="http://x").code == "NotFound"


def test_subscribing_twice_asks_twice_and_subscribes_once(sns, topic, endpoint):
    def again(**more):
        return sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url(), ReturnSubscriptionArn=True, **more)

    first, second = again()["SubscriptionArn"], again()["SubscriptionArn"]
    assert first == second
    endpoint.wait_kind("SubscriptionConfirmation", 2)
    other = error_of(again, Attributes={"RawMessageDelivery": "true"})
    assert other.message == "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"
    assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 1


def test_unsubscribing_by_the_url_in_a_message(sns, topic, endpoint):
    subscribe(sns, topic, endpoint)
    sns.publish(TopicArn=topic, Message="m")
    message = endpoint.wait_kind("Notification")[0].json()
    visit(message["UnsubscribeURL"])
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsDeleted"] == "1"
    sns.publish(TopicArn=topic, Message="unheard")
    never(lambda: len(endpoint.of_kind("Notification")) > 1, within=0.5)


def test_an_unsubscribed_endpoint_is_told_and_may_come_back(sns, topic, endpoint):
    arn = subscribe(sns, topic, endpoint)
    sns.unsubscribe(SubscriptionArn=arn)
    sns.unsubscribe(SubscriptionArn=arn)
    [told] = endpoint.wait_kind("UnsubscribeConfirmation")
    verify(told.json())
    assert error_of(sns.get_subscription_attributes, SubscriptionArn=arn).message == "Subscription does not exist"
    visit(told.json()["SubscribeURL"])
    sns.publish(TopicArn=topic, Message="back")
    assert endpoint.wait_kind("Notification")[0].json()["Message"] == "back"


def test_a_subscription_that_only_its_owner_may_end(sns, topic, endpoint):
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url())
    token = endpoint.wait()[0].json()["Token"]
    confirmed = sns.confirm_subscription(TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")
    sns.publish(TopicArn=topic, Message="m")
    url = endpoint.wait_kind("Notification")[0].json()["UnsubscribeURL"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        visit(url)
    assert refused.value.code == 403 and "AuthorizationError" in refused.value.read().decode()
    sns.unsubscribe(SubscriptionArn=confirmed["SubscriptionArn"])
    for arn, text in (
        ("x", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"),
        (topic, "SubscriptionId"),
    ):
        assert error_of(sns.unsubscribe, SubscriptionArn=arn).message == f"Invalid parameter: {text}"


def test_attributes_of_a_subscription(sns, topic, endpoint):
    arn = subscribe(sns, topic, endpoint)

    def set_to(name, value):
        sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName=name, AttributeValue=value)

    policy = {"healthyRetryPolicy": {"numRetries": 1, "minDelayTarget": 1, "maxDelayTarget": 1}}
    set_to("DeliveryPolicy", json.dumps(policy))
    set_to("FilterPolicy", '{"a":["b"]}')
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    effective = json.loads(attributes["EffectiveDeliveryPolicy"])
    assert effective["healthyRetryPolicy"]["numRetries"] == 1
    assert attributes["FilterPolicyScope"] == "MessageAttributes"
    assert attributes["ConfirmationWasAuthenticated"] == "true" and attributes["RawMessageDelivery"] == "false"
    for name, value, text in (
        ("Fake", "x", "AttributeName"),
        ("FilterPolicyScope", "Nowhere", "FilterPolicyScope: Invalid value [Nowhere]. Please use either MessageBody or MessageAttributes"),
        ("FilterPolicy", '{"key":[]}', "FilterPolicy: Empty arrays are not allowed"),
        ("RedrivePolicy", '{"deadLetterTargetArn":"x"}', "RedrivePolicy: deadLetterTargetArn is an invalid arn"),
    ):
        assert error_of(set_to, name, value).message == f"Invalid parameter: {text}"


def test_lists_have_pages(sns, server):
    arns = {sns.create_topic(Name=f"page-{number:03}")["TopicArn"] for number in range(105)}
    first = sns.list_topics()
    assert len(first["Topics"]) == 100
    found = {one["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for one in page["Topics"]}
    assert arns <= found
    assert error_of(sns.list_topics, NextToken="x").code == "InvalidParameter"
    assert server.client("sns", region="eu-west-1").list_topics()["Topics"] == []
    for arn in arns:
        sns.delete_topic(TopicArn=arn)


# Messages


def test_a_message_as_its_subscriber_gets_it(sns, topic, endpoint):
    arn = subscribe(sns, topic, endpoint)
    sent = sns.publish(
        TopicArn=topic,
        Message="two\nlines ä",
        Subject="News",
        MessageAttributes={
            "text": {"DataType": "String", "StringValue": "v"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )
    [got] = endpoint.wait_kind("Notification")
    message = got.json()
    verify(message)
    assert message["MessageId"] == sent["MessageId"] == got.headers["x-amz-sns-message-id"]
    assert got.headers["x-amz-sns-subscription-arn"] == arn
    assert (message["Subject"], message["Message"], message["SignatureVersion"]) == ("News", "two\nlines ä", "1")
    assert message["MessageAttributes"] == {
        "text": {"Type": "String", "Value": "v"},
        "bytes": {"Type": "Binary", "Value": base64.b64encode(b"\x00\xff").decode()},
    }
    forged = message | {"Message": "other"}
    with pytest.raises(Exception):
        verify(forged)


def test_signature_version_two_is_sha256(sns, topic, endpoint):
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="2")
    subscribe(sns, topic, endpoint)
    sns.publish(TopicArn=topic, Message="m")
    message = endpoint.wait_kind("Notification")[0].json()
    assert message["SignatureVersion"] == "2"
    verify(message)


def test_raw_delivery_is_the_text_alone(sns, topic, endpoint):
    subscribe(sns, topic, endpoint, RawMessageDelivery="true")
    sns.publish(TopicArn=topic, Message='{"plain":1}', Subject="s")
    [got] = endpoint.wait_kind("Notification")
    assert got.body == '{"plain":1}' and got.headers["x-amz-sns-rawdelivery"] == "true"


def test_a_text_for_each_protocol(sns, topic, endpoint):
    subscribe(sns, topic, endpoint)
    texts = {"default": "d", "http": "for http", "sqs": "q", "number": 1}
    sns.publish(TopicArn=topic, Message=json.dumps(texts), MessageStructure="json")
    sns.publish(TopicArn=topic, Message=json.dumps({"default": "d"}), MessageStructure="json")
    got = {one.json()["Message"] for one in endpoint.wait_kind("Notification", 2)}
    assert got == {"for http", "d"}
    start = "Invalid parameter: Message Structure - "
    for text, reason in (
        ("no JSON", "JSON message body failed to parse"),
        ("[]", "JSON message body failed to parse"),
        ('{"http":"x"}', "No default entry in JSON message body"),
    ):
        refusal = error_of(sns.publish, TopicArn=topic, Message=text, MessageStructure="json")
        assert refusal.message == start + reason


def test_messages_that_are_refused(sns, topic):
    def refusal(**members):
        return error_of(sns.publish, **{"TopicArn": topic, "Message": "m"} | members)

    assert refusal(Message="").message == "Invalid parameter: Empty message"
    assert refusal(Message="x" * (256 * 1024 + 1)).message == "Invalid parameter: Message too long"
    sns.publish(TopicArn=topic, Message="x" * 256 * 1024)
    for subject in ("", "a" * 101, "two\nlines", " x"):
        assert refusal(Subject=subject).message == "Invalid parameter: Subject", subject
    assert "MessageDeduplicationId Reason" in refusal(MessageDeduplicationId="x").message
    no_value = refusal(MessageAttributes={"a": {"DataType": "String", "StringValue": ""}})
    assert (no_value.code, no_value.message) == (
        "ParameterValueInvalid",
        "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.",
    )
    assert error_of(sns.publish, PhoneNumber="+15551234567", Message="m").code == "InvalidParameter"
    nowhere = f"arn:aws:sns:{REGION}:{ACCOUNT}:endpoint/APNS/app/1"
    assert error_of(sns.publish, TargetArn=nowhere, Message="m").message == (
        "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified"
    )


def test_a_batch_takes_what_it_can(sns, topic, endpoint):
    subscribe(sns, topic, endpoint)
    answer = sns.publish_batch(
        TopicArn=topic,
        PublishBatchRequestEntries=[
            {"Id": "good", "Message": "a", "MessageAttributes": {"k": {"DataType": "String", "StringValue": "v"}}},
            {"Id": "bad", "Message": "b", "Subject": "x\n"},
            {"Id": "fine", "Message": "c"},
        ],
    )
    assert [one["Id"] for one in answer["Successful"]] == ["good", "fine"]
    [failed] = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("bad", "InvalidParameter", True)
    got = {one.json()["Message"] for one in endpoint.wait_kind("Notification", 2)}
    assert got == {"a", "c"}

    def refusal(*entries):
        return error_of(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=list(entries))

    same = {"Id": "x", "Message": "m"}
    assert refusal(same, same).code == "BatchEntryIdsNotDistinct"
    assert refusal(*({"Id": str(n), "Message": "m"} for n in range(11))).code == "TooManyEntriesInBatchRequest"
    assert refusal(*({"Id": str(n), "Message": "m" * 200_000} for n in range(2))).code == "BatchRequestTooLong"
    assert refusal({"Id": "a.b", "Message": "m"}).code == "InvalidBatchEntryId"
    assert refusal({"Id": "a" * 81, "Message": "m"}).message.endswith("is too long: " + "a" * 81)


def test_filters_choose_messages(sns, topic, endpoint):
    subscribe(sns, topic, endpoint, "/all")
    subscribe(sns, topic, endpoint, "/price", FilterPolicy='{"price":[{"numeric":[">",100]}]}')
    subscribe(sns, topic, endpoint, "/body", FilterPolicy='{"deep":{"kind":["x"]}}', FilterPolicyScope="MessageBody")
    sns.publish(TopicArn=topic, Message="cheap", MessageAttributes={"price": {"DataType": "Number", "StringValue": "5"}})
    sns.publish(TopicArn=topic, Message="dear", MessageAttributes={"price": {"DataType": "Number", "StringValue": "500"}})
    sns.publish(TopicArn=topic, Message='{"deep":{"kind":"x"}}')
    endpoint.wait_kind("Notification", 3, "/all")
    priced = endpoint.wait_kind("Notification", 1, "/price")
    bodied = endpoint.wait_kind("Notification", 1, "/body")
    assert [one.json()["Message"] for one in priced] == ["dear"]
    assert [one.json()["Message"] for one in bodied] == ['{"deep":{"kind":"x"}}']


def test_a_subscriber_that_fails_is_tried_again_and_then_given_up(server, sns, topic, endpoint):
    policy = {"healthyRetryPolicy": {"numRetries": 2, "numNoDelayRetries": 2, "minDelayTarget": 1, "maxDelayTarget": 1}}
    subscribe(sns, topic, endpoint, DeliveryPolicy=json.dumps(policy))
    endpoint.answers = [500, 500]
    sns.publish(TopicArn=topic, Message="third time")
    assert len({one.body for one in endpoint.wait_kind("Notification", 3)}) == 1
    endpoint.status = 500
    sns.publish(TopicArn=topic, Message="never taken")
    admin = Admin(server)
    failed = lambda: admin("ListFailedDeliveries")["FailedDeliveries"]  # noqa: E731
    [lost] = eventually(lambda: [one for one in failed() if one["Message"] == "never taken"])
    assert lost["Attempts"] == 3 and lost["Destination"] == endpoint.url()


def test_content_type_is_that_of_the_delivery_policy(sns, topic, endpoint):
    policy = {"http": {"defaultRequestPolicy": {"headerContentType": "application/json"}}}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(policy))
    subscribe(sns, topic, endpoint)
    sns.publish(TopicArn=topic, Message="m")
    assert endpoint.wait_kind("Notification")[0].headers["content-type"] == "application/json"


def test_a_killed_server_delivers_what_it_took(make_server, endpoint):
    server = make_server()
    sns = server.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    subscribe(sns, topic, endpoint)
    endpoint.gate.clear()
    sent = {sns.publish(TopicArn=topic, Message=str(number))["MessageId"] for number in range(30)}
    endpoint.wait_kind("Notification")
    server.kill()
    endpoint.gate.set()
    server.start()
    got = lambda: {one.json()["MessageId"] for one in endpoint.of_kind("Notification")}  # noqa: E731
    eventually(lambda: got() >= sent, what="every message arrived")
    verify(endpoint.of_kind("Notification")[-1].json())


def test_files_are_for_development(make_server, tmp_path):
    sink = tmp_path / "sink"
    sink.mkdir()
    config = tmp_path / "muster.toml"
    config.write_text(f"[notifications]\nfile_sink_dir = '{sink}'\n")
    server = make_server(start=False).start("--config", config)
    sns = server.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    for name in ("../x", "a/b", ".hidden", ""):
        assert error_of(sns.subscribe, TopicArn=topic, Protocol="file", Endpoint=name).code == "InvalidParameter"
    arn = sns.subscribe(TopicArn=topic, Protocol="file", Endpoint="messages.jsonl")["SubscriptionArn"]
    assert arn.startswith(topic + ":")
    sns.publish(TopicArn=topic, Message="one")
    sns.publish(TopicArn=topic, Message="two\nlines")
    lines = lambda: (sink / "messages.jsonl").read_text().splitlines()  # noqa: E731
    eventually(lambda: len(lines()) == 2)
    assert {json.loads(line)["Message"] for line in lines()} == {"one", "two\nlines"}


def test_the_cli(aws, endpoint):
    topic = aws("sns", "create-topic", "--name", "by-cli", "--tags", "Key=k,Value=v")["TopicArn"]
    aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "http", "--notification-endpoint", endpoint.url())
    visit(endpoint.wait()[0].json()["SubscribeURL"])
    attributes = '{"k":{"DataType":"String","StringValue":"v"}}'
    aws("sns", "publish", "--topic-arn", topic, "--message", "hello", "--message-attributes", attributes)
    assert endpoint.wait_kind("Notification")[0].json()["MessageAttributes"] == {"k": {"Type": "String", "Value": "v"}}
    assert len(aws("sns", "list-subscriptions-by-topic", "--topic-arn", topic)["Subscriptions"]) == 1
    aws("sns", "delete-topic", "--topic-arn", topic)
    assert topic not in [one["TopicArn"] for one in aws("sns", "list-topics")["Topics"]]
