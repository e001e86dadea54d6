"""References to secrets of Secrets Manager, and public parameters: what Parameter Store shows and does not keep."""

import base64
import contextlib
import http.server
import json
import threading

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

from support.clients import REGION, error_of
from support.identities import account, allow, user
from support.server import Server

ACCOUNT = "000000000000"
PREFIX = "/aws/reference/secretsmanager/"
OLD = "11111111-1111-4111-8111-111111111111"
NEW = "22222222-2222-4222-8222-222222222222"
KEY = botocore.credentials.Credentials("AKIASECRETSMANAGER", "the/secret+of/the+server")
CREATED = 1790450994.066


class SecretsManager:
    """Answers GetSecretValue as AWS does, to callers that sign with the right key."""

    def __init__(self):
        self.deny = False
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                status, answer = owner.answer(self.path, self.headers, body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/x-amz-json-1.1")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, path, headers, body):
        if self.deny or not self.signed(path, headers, body):
            return 400, {"__type": "AccessDeniedException", "Message": "no"}
        if headers["x-amz-target"] != "secretsmanager.GetSecretValue":
            return 400, {"__type": "UnknownOperationException"}
        return self.value(json.loads(body))

    def signed(self, path, headers, body):
        """Whether botocore makes the same signature of the request."""
        parts = dict(part.strip().split("=", 1) for part in headers["authorization"].split(" ", 1)[1].split(","))
        names = parts["SignedHeaders"].split(";")
        request = botocore.awsrequest.AWSRequest(
            "POST", self.url + path, data=body, headers={name: headers[name] for name in names}
        )
        request.context["timestamp"] = headers["x-amz-date"]
        auth = botocore.auth.SigV4Auth(KEY, "secretsmanager", REGION)
        canonical = auth.canonical_request(request)
        expected = auth.signature(auth.string_to_sign(request, canonical), request)
        scope = f"{KEY.access_key}/{headers['x-amz-date'][:8]}/{REGION}/secretsmanager/aws4_request"
        return expected == parts["Signature"] and parts["Credential"] == scope

    def value(self, asked):
        name, version, stage = asked["SecretId"], asked.get("VersionId"), asked.get("VersionStage")
        found = {
            "ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf",
            "Name": name,
            "CreatedDate": CREATED,
            "VersionId": NEW,
            "VersionStages": ["AWSCURRENT"],
        }
        if name == "deleted":
            text = "You can't perform this operation on the secret because it was marked for deletion."
            return 400, {"__type": "InvalidRequestException", "Message": text}
        if name == "binary":
            return 200, found | {"SecretBinary": base64.b64encode(b"\x01\xff").decode()}
        if name in ("db", "nested/it's=+@"):
            if version == OLD or stage == "AWSPREVIOUS":
                return 200, found | {"SecretString": "old", "VersionId": OLD, "VersionStages": ["AWSPREVIOUS"]}
            if (version, stage) in ((None, None), (NEW, None), (None, "AWSCURRENT")):
                return 200, found | {"SecretString": '{"password":"new"}'}
        return 400, {"__type": "ResourceNotFoundException", "Message": "Secrets Manager can't find the specified secret."}


@pytest.fixture(scope="module")
def secrets():
    with contextlib.closing(SecretsManager()) as secrets:
        yield secrets


@pytest.fixture(scope="module")
def server(secrets, tmp_path_factory, stack):
    """A server that knows the Secrets Manager; the secret of its key is in a file."""
    folder = tmp_path_factory.mktemp("references")
    secret = folder / "secret"
    secret.write_text(f"{KEY.secret_key}\n")
    secret.chmod(0o600)
    settings = {
        "endpoint": secrets.url,
        "region": REGION,
        "access_key_id": KEY.access_key,
        "secret_access_key_file": str(secret),
    }
    server = Server(folder / "server", settings={"secrets_manager": settings})
    stack.callback(server.close)
    return server.start()


def secret(ssm, name, **more):
    return ssm.get_parameter(**{"Name": PREFIX + name, "WithDecryption": True} | more)["Parameter"]


def test_a_secret_is_read_as_aws_shows_it(ssm):
    found = secret(ssm, "db")
    assert abs(found.pop("LastModifiedDate").timestamp() - CREATED) < 0.001
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"
    assert json.loads(found["SourceResult"]) == {
        "ARN": arn,
        "name": "db",
        "versionId": NEW,
        "secretString": '{"password":"new"}',
        "versionStages": ["AWSCURRENT"],
        "createdDate": "Sep 26, 2026, 7:29:54 PM",
    }
    assert found.pop("SourceResult").startswith('{"ARN":"arn:')
    assert found == {
        "Name": PREFIX + "db",
        "Type": "SecureString",
        "Value": '{"password":"new"}',
        "Version": 0,
        "ARN": arn,
    }


def test_names_of_secrets_have_more_letters(ssm):
    found = secret(ssm, "nested/it's=+@")
    assert found["Name"] == PREFIX + "nested/it's=+@"
    assert "\\u003d" in found["SourceResult"] and "\\u0027" in found["SourceResult"]


@pytest.mark.parametrize(("selector", "value"), [("AWSPREVIOUS", "old"), (OLD, "old"), ("AWSCURRENT", '{"password":"new"}')])
def test_a_version_is_selected_by_stage_or_id(ssm, selector, value):
    found = secret(ssm, f"db:{selector}")
    assert (found["Name"], found["Selector"], found["Value"]) == (PREFIX + "db", f":{selector}", value)


def test_bytes_have_no_value(ssm):
    found = secret(ssm, "binary")
    assert "Value" not in found
    assert json.loads(found["SourceResult"])["secretBinary"]["hb"] == [1, -1]


@pytest.mark.parametrize(
    ("name", "decrypt", "code", "text"),
    [
        ("db", False, "ValidationException", "WithDecryption flag must be True for retrieving a Secret Manager secret."),
        ("none", False, "ValidationException", "WithDecryption flag must be True for retrieving a Secret Manager secret."),
        ("none", True, "ParameterNotFound", "An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret aws/reference/secretsmanager/nonenull not found."),
        ("db:NOSTAGE", True, "ParameterNotFound", "An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret aws/reference/secretsmanager/db:NOSTAGE not found."),
        ("db:a:b", False, "ValidationException", "Invalid parameter name. Please use correct syntax for referencing a version/label  <name>:<version/label>"),
        ("db:", True, "ValidationException", "Invalid parameter name. Please use correct syntax for referencing a version/label  <name>:<version/label>"),
        ("deleted", True, "ValidationException", "Invalid Request to Secrets Manager"),
    ],
)  # fmt: skip
def test_refusals_are_those_of_aws(ssm, name, decrypt, code, text):
    refusal = error_of(secret, ssm, name, WithDecryption=decrypt)
    assert (refusal.code, refusal.message) == (code, text)


def test_several_at_once(ssm):
    ssm.put_parameter(Name="/plain", Value="v", Type="String", Overwrite=True)
    names = [PREFIX + "db", PREFIX + "db:AWSPREVIOUS", PREFIX + "none", PREFIX + "db:NO", PREFIX + "db:a:b", "/plain"]
    found = ssm.get_parameters(Names=names, WithDecryption=True)
    assert {each["Value"] for each in found["Parameters"]} == {'{"password":"new"}', "old", "v"}
    assert set(found["InvalidParameters"]) == set(names[2:5])
    found = ssm.get_parameters(Names=[PREFIX + "db", "/plain"])
    assert found["InvalidParameters"] == [PREFIX + "db"]


def test_the_caller_must_be_allowed_to_get_the_secret(server):
    reading = allow("ssm:GetParameter")
    blind = server.client(keys=user(server, reading, name="blind"))
    for name in ("db", "none"):
        refusal = error_of(secret, blind, name)
        assert refusal.code == "AccessDeniedException"
        assert f"secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}" in refusal.message
    granted = allow("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-??????")
    seeing = server.client(keys=user(server, reading, granted))
    assert secret(seeing, "db")["Value"] == '{"password":"new"}'
    without = server.client(keys=user(server, granted))
    assert "ssm:GetParameter on resource" in error_of(secret, without, "db").message


def test_secrets_are_those_of_one_account(server):
    _, keys = account(server)
    assert error_of(secret, server.client(keys=keys), "db").code == "UnsupportedOperationException"


def test_a_secrets_manager_that_lets_nobody_in(server, secrets, ssm):
    secrets.deny = True
    try:
        text = "An error occurred while calling one AWS dependency service."
        refusal = error_of(secret, ssm, "db")
        assert (refusal.code, refusal.message) == ("ValidationException", text)
        assert error_of(ssm.get_parameters, Names=[PREFIX + "db"], WithDecryption=True).message == text
    finally:
        secrets.deny = False


def test_without_a_secrets_manager(make_server):
    refusal = error_of(secret, make_server().client(), "db")
    assert refusal.code == "UnsupportedOperationException"
    assert "Secrets Manager" in refusal.message


def test_references_are_not_kept(ssm):
    refusal = error_of(ssm.put_parameter, Name=PREFIX + "db", Value="v", Type="String")
    assert refusal.code == "AccessDeniedException"
    assert ssm.get_parameters_by_path(Path="/aws/reference", Recursive=True)["Parameters"] == []


# Public parameters


@pytest.fixture(scope="module")
def public(server):
    folder = server.data / "public-parameters"
    folder.mkdir()
    tree = {f"/aws/service/images/{name}": f"ami-{name}" for name in ("a", "b", "c")} | {"/aws/service/images/x/y": "deep"}
    (folder / "images.json").write_text(json.dumps(tree))
    return folder


def test_public_parameters_are_the_same_for_everybody(server, ssm, public):
    _, keys = account(server)
    for client, region in [(ssm, REGION), (server.client(keys=keys), REGION), (server.client(region="eu-west-1"), "eu-west-1")]:
        found = client.get_parameter(Name="/aws/service/images/a")["Parameter"]
        assert found.pop("LastModifiedDate")
        assert found == {
            "Name": "/aws/service/images/a",
            "Type": "String",
            "Value": "ami-a",
            "Version": 1,
            "ARN": f"arn:aws:ssm:{region}::parameter/aws/service/images/a",
            "DataType": "text",
        }
    by_arn = ssm.get_parameter(Name=f"arn:aws:ssm:{REGION}::parameter/aws/service/images/a")["Parameter"]
    assert by_arn["Value"] == "ami-a"
    found = ssm.get_parameters(Names=["/aws/service/images/b", "/aws/service/images/none"])
    assert [each["Value"] for each in found["Parameters"]] == ["ami-b"]
    assert found["InvalidParameters"] == ["/aws/service/images/none"]
    assert error_of(ssm.get_parameter, Name="/aws/service/images/none").code == "ParameterNotFound"
    assert ssm.get_parameter(Name="/aws/service/images/a:1")["Parameter"]["Selector"] == ":1"
    assert error_of(ssm.get_parameter, Name="/aws/service/images/a:2").code == "ParameterVersionNotFound"


def test_public_parameters_are_listed_by_path_alone(ssm, public):
    def below(path, **more):
        pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, **more)
        return [each["Name"].rsplit("/", 1)[1] for page in pages for each in page["Parameters"]]

    assert below("/aws/service/images") == ["a", "b", "c"]
    assert below("/aws/service", Recursive=True) == ["a", "b", "c", "y"]
    assert below("/aws/service/images/", Recursive=True, PaginationConfig={"PageSize": 1}) == ["a", "b", "c", "y"]
    names = [each["Name"] for each in ssm.describe_parameters()["Parameters"]]
    assert not any(name.startswith("/aws/") for name in names)
    assert error_of(ssm.put_parameter, Name="/aws/service/images/a", Value="v", Type="String").code == "AccessDeniedException"


def test_a_changed_file_is_read_again(ssm, public):
    (public / "more.json").write_text('{"/aws/service/more/a": "1"}')
    assert ssm.get_parameter(Name="/aws/service/more/a")["Parameter"]["Value"] == "1"
    (public / "more.json").write_text('{"/aws/service/more/a": "longer"}')
    assert ssm.get_parameter(Name="/aws/service/more/a")["Parameter"]["Value"] == "longer"
    (public / "more.json").unlink()
    assert error_of(ssm.get_parameter, Name="/aws/service/more/a").code == "ParameterNotFound"


def test_public_parameters_have_arns_of_no_account(server, public):
    granted = allow("ssm:GetParameter*", f"arn:aws:ssm:{REGION}::parameter/aws/service/images/*")
    ssm = server.client(keys=user(server, granted))
    assert ssm.get_parameter(Name="/aws/service/images/a")["Parameter"]["Value"] == "ami-a"
    assert error_of(ssm.get_parameter, Name="/aws/service/more/a").code == "AccessDeniedException"
