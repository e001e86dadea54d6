"""SecureStrings and their keys: bound to their parameter, refused with KMS's words when the key cannot or may not work."""

import base64

import pytest

from support.clients import REGION, error_of
from support.identities import account, allow, deny, user

OWN = "000000000000"


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]


def put(ssm, name, key=None, value="hunter2", **more):
    chosen = {"KeyId": key} if key else {}
    return ssm.put_parameter(Name=name, Value=value, Type="SecureString", **chosen, **more)


def read(ssm, name):
    return ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]


def ways_to_read(ssm, name):
    """Every call that decrypts."""
    path = name.rsplit("/", 1)[0]
    return [
        lambda: ssm.get_parameter(Name=name, WithDecryption=True),
        lambda: ssm.get_parameters(Names=[name], WithDecryption=True),
        lambda: ssm.get_parameters_by_path(Path=path, WithDecryption=True),
        lambda: ssm.get_parameter_history(Name=name, WithDecryption=True),
    ]


@pytest.mark.parametrize("tier", ["Standard", "Advanced"])
def test_a_key_of_ones_own_by_any_of_its_names(ssm, kms, key, tier):
    alias = f"alias/names-{tier}"
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    arns = key["Arn"], f"arn:aws:kms:{REGION}:{OWN}:{alias}"
    for number, name in enumerate([key["KeyId"], alias, *arns]):
        put(ssm, f"/names/{tier}/{number}", name, Tier=tier)
        assert read(ssm, f"/names/{tier}/{number}") == "hunter2"
        found = ssm.describe_parameters(ParameterFilters=[{"Key": "KeyId", "Values": [name]}])["Parameters"]
        assert found[0]["KeyId"] == name


def test_the_ciphertext_is_of_its_parameter_alone(ssm, kms, key):
    put(ssm, "/bound/a", key["KeyId"])
    sealed = base64.b64decode(ssm.get_parameter(Name="/bound/a")["Parameter"]["Value"])
    arn = f"arn:aws:ssm:{REGION}:{OWN}:parameter/bound/a"
    opened = kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"PARAMETER_ARN": arn})
    assert opened["Plaintext"] == b"hunter2"
    other = {"PARAMETER_ARN": f"{arn}b"}
    assert error_of(kms.decrypt, CiphertextBlob=sealed, EncryptionContext=other).code == "InvalidCiphertextException"


def test_an_overwrite_keeps_the_key(ssm, key):
    put(ssm, "/kept-key", key["KeyId"])
    ssm.put_parameter(Name="/kept-key", Value="hunter3", Overwrite=True)
    entries = ssm.get_parameter_history(Name="/kept-key", WithDecryption=True)["Parameters"]
    assert [(entry["KeyId"], entry["Value"]) for entry in entries] == [(key["KeyId"], "hunter2"), (key["KeyId"], "hunter3")]


def test_a_disabled_key(ssm, kms, key):
    put(ssm, "/disabled/x", key["KeyId"])
    kms.disable_key(KeyId=key["KeyId"])
    for way in [lambda: put(ssm, "/disabled/y", key["KeyId"]), *ways_to_read(ssm, "/disabled/x")]:
        refusal = error_of(way)
        assert refusal.code == "InvalidKeyId"
        assert f"{key['Arn']} is disabled. (Service: AWSKMS; Status Code: 400; Error Code: DisabledException" in refusal.message
    assert ssm.get_parameter(Name="/disabled/x")["Parameter"]["Value"] != "hunter2"
    assert error_of(ssm.get_parameter, Name="/disabled/y").code == "ParameterNotFound"
    kms.enable_key(KeyId=key["KeyId"])
    assert read(ssm, "/disabled/x") == "hunter2"


def test_a_key_that_waits_for_its_end(ssm, kms, key):
    put(ssm, "/ending/x", key["KeyId"])
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    for way in [lambda: put(ssm, "/ending/y", key["KeyId"]), *ways_to_read(ssm, "/ending/x")]:
        refusal = error_of(way)
        assert refusal.code == "InvalidKeyId"
        assert "is pending deletion. (Service: AWSKMS; Status Code: 400; Error Code: KMSInvalidStateException" in refusal.message


@pytest.mark.parametrize("name", ["alias/none", "0123abcd-0123-0123-0123-0123456789ab", "nonsense"])
def test_a_key_that_is_not_there(ssm, name):
    refusal = error_of(put, ssm, "/no-key", name)
    assert refusal.code == "InvalidKeyId"
    assert "(Service: AWSKMS; Status Code: 400; Error Code: NotFoundException" in refusal.message


def test_a_key_of_another_account(server, ssm):
    other, root = account(server)
    theirs = server.client("kms", keys=root).create_key()["KeyMetadata"]["Arn"]
    missing = theirs.rsplit("/", 1)[0] + "/0123abcd-0123-0123-0123-0123456789ab"
    for arn in (theirs, missing):
        refusal = error_of(put, ssm, "/their-key", arn)
        assert refusal.code == "AccessDeniedException"
        assert "is not authorized to perform: kms:Encrypt" in refusal.message
    assert error_of(ssm.get_parameter, Name="/their-key").code == "ParameterNotFound"


def test_who_may_read_a_parameter_may_not_thereby_use_its_key(server, ssm, key):
    put(ssm, "/permitted/x", key["KeyId"])
    reader = server.client(keys=user(server, allow("ssm:GetParameter*")))
    assert reader.get_parameter(Name="/permitted/x")["Parameter"]["Type"] == "SecureString"
    for way in ways_to_read(reader, "/permitted/x"):
        refusal = error_of(way)
        assert refusal.code == "AccessDeniedException"
        assert "is not authorized to perform: kms:Decrypt" in refusal.message
    with_key = server.client(keys=user(server, allow("ssm:GetParameter*"), allow("kms:Decrypt", key["Arn"])))
    assert read(with_key, "/permitted/x") == "hunter2"


def test_what_a_policy_may_say_of_the_use_of_a_key(server, ssm, key):
    put(ssm, "/conditions/a", key["KeyId"])
    put(ssm, "/conditions/b", key["KeyId"])
    through = {"kms:ViaService": f"ssm.{REGION}.amazonaws.com"}
    arn = f"arn:aws:ssm:{REGION}:{OWN}:parameter/conditions/a"
    bound = {"kms:EncryptionContext:PARAMETER_ARN": arn}
    keys = user(
        server,
        allow("ssm:GetParameter"),
        allow("kms:Decrypt", key["Arn"], Condition={"StringEquals": through | bound}),
    )
    reader = server.client(keys=keys)
    assert read(reader, "/conditions/a") == "hunter2"
    assert error_of(read, reader, "/conditions/b").code == "AccessDeniedException"
    # By KMS itself the key is not to be used.
    sealed = base64.b64decode(ssm.get_parameter(Name="/conditions/a")["Parameter"]["Value"])
    refusal = error_of(
        server.client("kms", keys=keys).decrypt, CiphertextBlob=sealed, EncryptionContext={"PARAMETER_ARN": arn}
    )
    assert refusal.code == "AccessDeniedException"


def test_writing_takes_the_permission_of_its_tier(server, key):
    standard = server.client(keys=user(server, allow("ssm:PutParameter"), allow("kms:Encrypt", key["Arn"])))
    put(standard, "/tiers/a", key["KeyId"])
    assert error_of(put, standard, "/tiers/b", key["KeyId"], Tier="Advanced").code == "AccessDeniedException"
    advanced = server.client(keys=user(server, allow("ssm:PutParameter"), allow("kms:GenerateDataKey", key["Arn"])))
    put(advanced, "/tiers/b", key["KeyId"], Tier="Advanced")
    assert error_of(put, advanced, "/tiers/c", key["KeyId"]).code == "AccessDeniedException"


def test_the_key_of_the_account_is_for_everybody_in_it(server, ssm):
    keys = user(server, allow(["ssm:GetParameter", "ssm:PutParameter"]))
    member = server.client(keys=keys)
    put(member, "/everybody")
    assert read(member, "/everybody") == "hunter2"
    barred = server.client(keys=user(server, allow("ssm:GetParameter"), deny("kms:*")))
    assert error_of(read, barred, "/everybody").code == "AccessDeniedException"
