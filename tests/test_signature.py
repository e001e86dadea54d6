"""Who may speak: SigV4 in the header and in the query, and each way in which a signature can be wrong.

Requests are made by botocore's own signers and then tampered with on the wire.
"""

import datetime
import json

import pytest

from support.clients import NODE_ROLE, Keys, Refusal, boto_client, error_of, json_request, post, presign, send, sign

MINUTES = datetime.timedelta(minutes=1)


@pytest.fixture
def request_(server):
    return json_request(server.url, "DescribeInstanceInformation", {})


def test_a_signed_header_is_accepted(server, request_):
    answer = send(sign(request_, server.root))
    assert answer.status == 200
    assert answer.json()["InstanceInformationList"] == []
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    assert len(answer.headers["x-amzn-requestid"]) == 36


def test_a_presigned_request_is_accepted(server, request_):
    assert send(presign(request_, server.root)).status == 200


def test_a_presigned_address_is_good_for_whoever_has_it(server):
    """As Vault and Kubernetes use it to learn who somebody is."""
    url = server.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    path = url.removeprefix(server.url)
    answer = post(server.url, None, {}, path=path, method="GET")
    assert answer.status == 200
    assert b"<Arn>arn:aws:iam::000000000000:root</Arn>" in answer.body
    answer = post(server.url, None, {}, path=path.replace("us-east-1", "us-east-2"), method="GET")
    assert answer.status == 403
    assert b"<Code>SignatureDoesNotMatch</Code>" in answer.body


def test_the_region_of_the_signature_is_the_region_of_the_call(server):
    here, there = server.client(region="us-east-1"), server.client(region="eu-central-1")
    made = here.create_activation(IamRole=NODE_ROLE)
    ids = lambda client: [a["ActivationId"] for a in client.describe_activations()["ActivationList"]]  # noqa: E731
    assert made["ActivationId"] in ids(here)
    assert made["ActivationId"] not in ids(there)


def test_sts_answers_who_the_caller_is(server):
    identity = server.client("sts").get_caller_identity()
    assert identity["Account"] == "000000000000"
    assert identity["Arn"] == "arn:aws:iam::000000000000:root"


def test_the_cli_can_ask_who_it_is(aws):
    assert aws("sts", "get-caller-identity")["Account"] == "000000000000"


def test_an_unsigned_request_is_refused(server, request_):
    answer = send(request_)
    assert (answer.status, answer.code) == (400, "MissingAuthenticationTokenException")


def test_an_unknown_key_is_refused(server):
    stranger = boto_client("ssm", server.url, Keys("AKIAIOSFODNN7EXAMPLE", "x" * 40))
    assert error_of(stranger.describe_instance_information) == Refusal(
        "UnrecognizedClientException", "The security token included in the request is invalid."
    )


def test_a_wrong_secret_is_refused(server):
    wrong = boto_client("ssm", server.url, Keys(server.root.access_key_id, "x" * 40))
    refusal = error_of(wrong.describe_instance_information)
    assert refusal.code == "InvalidSignatureException"
    assert refusal.message.startswith("The request signature we calculated does not match the signature you provided.")


def test_a_made_up_session_token_is_refused(server):
    keys = Keys(server.root.access_key_id, server.root.secret, "not-a-token")
    assert error_of(boto_client("ssm", server.url, keys).describe_instance_information) == Refusal(
        "UnrecognizedClientException", "The security token included in the request is invalid."
    )


@pytest.mark.parametrize(
    "change",
    [
        {"body": '{"MaxResults": 50}'},
        {"X-Amz-Target": "AmazonSSM.DescribeActivations"},
        {"Host": "example.com"},
    ],
    ids=["body", "operation", "host"],
)
def test_a_request_that_was_tampered_with_is_refused(server, request_, change):
    answer = send(sign(request_, server.root), change=change)
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")


def test_a_presigned_request_that_was_tampered_with_is_refused(server, request_):
    answer = send(presign(request_, server.root), change={"body": '{"MaxResults": 50}'})
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")


@pytest.mark.parametrize("off", [-4 * MINUTES, 4 * MINUTES], ids=["slow", "fast"])
def test_a_clock_that_is_a_little_off_is_borne(server, request_, off):
    assert send(sign(request_, server.root, skew=off)).status == 200


def test_a_late_signature_is_refused(server, request_):
    answer = send(sign(request_, server.root, skew=-6 * MINUTES))
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")
    assert answer.message.startswith("Signature expired: ")
    assert answer.message.endswith(" - 5 min.)")


def test_an_early_signature_is_refused(server, request_):
    answer = send(sign(request_, server.root, skew=6 * MINUTES))
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")
    assert answer.message.startswith("Signature not yet current: ")


def test_an_expired_presigned_request_is_refused(server, request_):
    answer = send(presign(request_, server.root, expires=60, skew=-2 * MINUTES))
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")
    assert answer.message.startswith("Signature expired: ")


def test_a_signature_for_another_service_is_refused(server, request_):
    answer = send(sign(request_, server.root, service="ec2"))
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")
    assert "Credential should be scoped to correct service: 'ssm'." in answer.message


def test_two_signatures_at_once_are_refused(server, request_):
    presigned = presign(request_, server.root)
    answer = send(presigned, change={"Authorization": "AWS4-HMAC-SHA256 Credential=x"})
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")
    assert answer.message.startswith("Found both 'X-Amz-Algorithm' as a query-string param")


@pytest.mark.parametrize(
    "header",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/ssm/aws4_request",
        "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0",
        "Basic dXNlcjpwYXNz",
        "AWS4-HMAC-SHA256 Credential=" + "x" * 5000,
        "\x7f\x01 \t,,,===",
    ],
)
def test_a_header_that_is_no_signature_is_refused(server, header):
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.ListCommands"}
    answer = post(server.url, "{}", headers | {"Authorization": header, "X-Amz-Date": "20260101T000000Z"})
    assert answer.status in (400, 403), answer
    if answer.body:
        assert json.loads(answer.body)["__type"] in {
            "IncompleteSignatureException",
            "InvalidSignatureException",
            "MissingAuthenticationTokenException",
        }


def test_sts_refuses_in_its_own_words(server):
    stranger = boto_client("sts", server.url, Keys("AKIAIOSFODNN7EXAMPLE", "x" * 40))
    assert error_of(stranger.get_caller_identity) == Refusal(
        "InvalidClientTokenId", "The security token included in the request is invalid.", 403
    )
    wrong = boto_client("sts", server.url, Keys(server.root.access_key_id, "x" * 40))
    assert error_of(wrong.get_caller_identity).code == "SignatureDoesNotMatch"
