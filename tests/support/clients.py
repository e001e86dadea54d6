"""The clients of the world: boto3, the aws CLI, and bare HTTP requests signed by botocore."""

import configparser
import dataclasses
import datetime
import http.client
import json
import ssl
import unittest.mock
import urllib.parse

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.session

from support.process import clean_environment, python_program, run

REGION = "us-east-1"
# The role that every account is born with, for its nodes.
NODE_ROLE = "service-role/AmazonEC2RunCommandRoleForManagedInstances"


@dataclasses.dataclass(frozen=True)
class Keys:
    """What a caller signs with."""

    access_key_id: str
    secret: str
    token: str | None = None

    @classmethod
    def from_file(cls, path):
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(path.read_text())
        section = parser["default"]
        return cls(
            section["aws_access_key_id"], section["aws_secret_access_key"], section.get("aws_session_token")
        )

    def botocore(self):
        return botocore.credentials.Credentials(self.access_key_id, self.secret, self.token)


def boto_client(service, url, keys, *, region=REGION, ca=None, validate=True):
    """An unmodified boto3 client. Without `validate` the SDK sends what the model forbids, too."""
    return boto3.session.Session().client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret,
        aws_session_token=keys.token,
        verify=str(ca) if ca else None,
        config=botocore.config.Config(
            parameter_validation=validate, retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30
        ),
    )


def error_of(call, *arguments, **parameters):
    """The AWS error that a call ends with: code, message, status."""
    try:
        answer = call(*arguments, **parameters)
    except botocore.exceptions.ClientError as error:
        body = error.response["Error"]
        return Refusal(body["Code"], body.get("Message", ""), error.response["ResponseMetadata"]["HTTPStatusCode"])
    raise AssertionError(f"the call was not refused; it answered {answer}")


@dataclasses.dataclass(frozen=True)
class Refusal:
    code: str
    message: str
    status: int = 400


@dataclasses.dataclass
class Answer:
    """An HTTP answer as it came."""

    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json()["__type"]

    @property
    def message(self):
        body = self.json()
        return body.get("message", body.get("Message", ""))


def post(url, body, headers, *, path="/", method="POST", ca=None):
    """One HTTP request, exactly as given."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=30, context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def json_request(url, operation, body, *, target_prefix="AmazonSSM"):
    """An unsigned request of the JSON protocol, for botocore's signers."""
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{target_prefix}.{operation}"}
    return botocore.awsrequest.AWSRequest(method="POST", url=url + "/", data=data, headers=headers)


def sign(request, keys, *, service="ssm", region=REGION, skew=datetime.timedelta(0)):
    """Signs in the header; `skew` sets the signer's clock off."""
    with clock_off_by(skew):
        botocore.auth.SigV4Auth(keys.botocore(), service, region).add_auth(request)
    return request


class QueryAuthWithBody(botocore.auth.SigV4QueryAuth):
    """botocore's signature in the query moves a body into the query, too; that of a JSON request must stay."""

    def _modify_request_before_signing(self, request):
        data, request.data = request.data, None
        super()._modify_request_before_signing(request)
        request.data = data


def presign(request, keys, *, service="ssm", region=REGION, expires=60, skew=datetime.timedelta(0)):
    """Signs in the query."""
    with clock_off_by(skew):
        QueryAuthWithBody(keys.botocore(), service, region, expires=expires).add_auth(request)
    return request


def send(request, *, ca=None, drop=(), change=None):
    """Sends a request as it was signed; `drop` and `change` tamper with its headers, `body` with its body."""
    prepared = request.prepare()
    headers = {name: text(value) for name, value in prepared.headers.items() if name.lower() not in drop}
    body = prepared.body
    for name, value in (change or {}).items():
        if name == "body":
            body = value
        else:
            headers = {key: old for key, old in headers.items() if key.lower() != name.lower()} | {name: value}
    parts = urllib.parse.urlsplit(prepared.url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return post(f"{parts.scheme}://{parts.netloc}", body, headers, path=path, method=prepared.method, ca=ca)


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def clock_off_by(skew):
    """Makes botocore's signers believe in another time."""
    now = datetime.datetime.now(datetime.timezone.utc) + skew
    return unittest.mock.patch("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: now.replace(tzinfo=None))


class Cli:
    """The unmodified aws CLI, set up by environment variables alone."""

    def __init__(self, url, credentials_file, home, *, ca=None):
        self.environment = clean_environment(
            AWS_ENDPOINT_URL=url,
            AWS_SHARED_CREDENTIALS_FILE=credentials_file,
            AWS_REGION=REGION,
            AWS_DEFAULT_REGION=REGION,
            AWS_MAX_ATTEMPTS=1,
            AWS_PAGER="",
            HOME=home,
        )
        if ca:
            self.environment["AWS_CA_BUNDLE"] = str(ca)

    def run(self, *words, within=60, keys=None):
        environment = dict(self.environment)
        if keys:
            environment |= {"AWS_ACCESS_KEY_ID": keys.access_key_id, "AWS_SECRET_ACCESS_KEY": keys.secret}
            environment |= {"AWS_SESSION_TOKEN": keys.token} if keys.token else {}
        return run([python_program("aws"), *words], environment=environment, within=within)

    def __call__(self, *words, within=60, keys=None):
        """Runs it with the root's keys or others, checks that it went well; its answer."""
        result = self.run(*words, within=within, keys=keys)
        assert result.returncode == 0, f"aws {' '.join(map(str, words))}: {result.stderr}"
        return json.loads(result.stdout) if result.stdout.strip() else None
