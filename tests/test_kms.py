"""KMS: keys, what they encrypt, their names, rotation and deletion, who may use them; and the master key below them all."""

import base64
import json
import time

import botocore.exceptions
import pytest

from support.clients import Keys, error_of, json_request, send, sign
from support.server import Server
from support.waiting import eventually

ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


@pytest.fixture
def key(kms):
    return kms.create_key(Description="a test's")["KeyMetadata"]


def limited_user(server, name, policy=None):
    """A client of KMS for a new user with this policy."""
    iam = server.client("iam")
    iam.create_user(UserName=name)
    if policy:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return server.client("kms", keys=Keys(made["AccessKeyId"], made["SecretAccessKey"]))


def allow(*actions, **more):
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": actions, "Resource": "*", **more}}


def admin(server, operation, keys=None):
    request = json_request(server.url, operation, {}, target_prefix="Muster_20261120")
    return send(sign(request, keys or server.root, service="muster"))


# What keys do


def test_what_is_encrypted_decrypts_with_the_same_context_alone(kms, key):
    context = {"purpose": "test", "ünïcode": "wörld"}
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"s3cret", EncryptionContext=context)
    assert sealed["KeyId"] == key["Arn"]
    assert sealed["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context)
    assert opened["Plaintext"] == b"s3cret"
    assert opened["KeyId"] == key["Arn"]
    for wrong in ({}, {"purpose": "test"}, {**context, "more": ""}, {**context, "purpose": "Test"}):
        refusal = error_of(kms.decrypt, CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=wrong)
        assert (refusal.code, refusal.message) == ("InvalidCiphertextException", "")


def test_a_ciphertext_that_was_altered_does_not_decrypt(kms, key):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"s3cret")["CiphertextBlob"]
    for position in (0, 20, len(blob) // 2, len(blob) - 1):
        altered = bytearray(blob)
        altered[position] ^= 1
        assert error_of(kms.decrypt, CiphertextBlob=bytes(altered)).code == "InvalidCiphertextException"
    assert error_of(kms.decrypt, CiphertextBlob=b"nonsense").code == "InvalidCiphertextException"


def test_data_keys(kms, key):
    made = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256", EncryptionContext={"a": "b"})
    assert len(made["Plaintext"]) == 32
    opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == made["Plaintext"]
    alone = kms.generate_data_key_without_plaintext(KeyId=key["KeyId"], NumberOfBytes=100)
    assert "Plaintext" not in alone
    assert len(kms.decrypt(CiphertextBlob=alone["CiphertextBlob"])["Plaintext"]) == 100
    assert len(kms.generate_random(NumberOfBytes=1024)["Plaintext"]) == 1024


def test_re_encryption_needs_no_plaintext(kms, key):
    other = kms.create_key()["KeyMetadata"]
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"s3cret", EncryptionContext={"a": "1"})["CiphertextBlob"]
    moved = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext={"a": "1"},
        DestinationKeyId=other["Arn"],
        DestinationEncryptionContext={"a": "2"},
    )
    assert (moved["SourceKeyId"], moved["KeyId"]) == (key["Arn"], other["Arn"])
    opened = kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"a": "2"})
    assert opened["Plaintext"] == b"s3cret"


def test_the_cli_encrypts_and_decrypts(aws, key, folder):
    (folder / "plain").write_bytes(b"of a file")
    encrypt = ["kms", "encrypt", "--key-id", key["KeyId"], "--plaintext", f"fileb://{folder}/plain"]
    blob = aws(*encrypt)["CiphertextBlob"]
    (folder / "blob").write_bytes(base64.b64decode(blob))
    opened = aws("kms", "decrypt", "--ciphertext-blob", f"fileb://{folder}/blob")
    assert base64.b64decode(opened["Plaintext"]) == b"of a file"


# Names, states, rotation


def test_an_alias_stands_for_a_key_in_every_place(kms, key):
    name = f"alias/{key['KeyId']}"
    kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    arn = key["Arn"].replace(f"key/{key['KeyId']}", name)
    for reference in (name, arn, key["KeyId"], key["Arn"]):
        assert kms.describe_key(KeyId=reference)["KeyMetadata"]["Arn"] == key["Arn"]
    listed = kms.list_aliases(KeyId=key["KeyId"])["Aliases"]
    assert [(alias["AliasArn"], alias["TargetKeyId"]) for alias in listed] == [(arn, key["KeyId"])]
    refusal = error_of(kms.create_alias, AliasName=name, TargetKeyId=key["KeyId"])
    assert refusal.code == "AlreadyExistsException"
    assert refusal.message == f"An alias with the name {arn} already exists"
    kms.delete_alias(AliasName=name)
    refusal = error_of(kms.describe_key, KeyId=name)
    assert (refusal.code, refusal.message) == ("NotFoundException", f"Alias {arn} is not found.")


def test_names_that_name_nothing(kms):
    absent = "11111111-2222-3333-4444-555555555555"
    arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{absent}"
    for name, code, message in [
        (absent, "NotFoundException", f"Key '{arn}' does not exist"),
        ("nonsense", "NotFoundException", "Invalid keyId nonsense"),
        (arn.replace("us-east-1", "eu-west-1"), "NotFoundException", "Invalid arn eu-west-1"),
    ]:
        refusal = error_of(kms.describe_key, KeyId=name)
        assert (refusal.code, refusal.message) == (code, message)


def test_a_key_that_is_disabled_or_to_be_deleted_does_nothing(kms, key):
    name = key["KeyId"]
    blob = kms.encrypt(KeyId=name, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=name)
    for refusal in (error_of(kms.encrypt, KeyId=name, Plaintext=b"x"), error_of(kms.decrypt, CiphertextBlob=blob)):
        assert (refusal.code, refusal.message) == ("DisabledException", f"{key['Arn']} is disabled.")
    kms.enable_key(KeyId=name)
    scheduled = kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=7)
    assert scheduled["KeyState"] == "PendingDeletion"
    assert 6.9 < (scheduled["DeletionDate"].timestamp() - time.time()) / 86400 < 7.1
    refusal = error_of(kms.decrypt, CiphertextBlob=blob)
    assert (refusal.code, refusal.message) == ("KMSInvalidStateException", f"{key['Arn']} is pending deletion.")
    kms.cancel_key_deletion(KeyId=name)
    kms.enable_key(KeyId=name)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_rotation_changes_the_material_and_nothing_else(kms, key):
    name = key["KeyId"]
    blob = kms.encrypt(KeyId=name, Plaintext=b"x")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=name)
    after = kms.describe_key(KeyId=name)["KeyMetadata"]
    assert after["CurrentKeyMaterialId"] != key["CurrentKeyMaterialId"]
    assert kms.decrypt(CiphertextBlob=blob)["KeyMaterialId"] == key["CurrentKeyMaterialId"]
    rotations = kms.list_key_rotations(KeyId=name)["Rotations"]
    assert [entry["RotationType"] for entry in rotations] == ["ON_DEMAND"]
    kms.enable_key_rotation(KeyId=name, RotationPeriodInDays=180)
    status = kms.get_key_rotation_status(KeyId=name)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 180)


def test_lists_have_pages(server):
    kms = server.client("kms", region="ap-south-1")
    made = sorted(kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(5))
    pages = list(kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Keys"]) for page in pages] == [2, 2, 1]
    assert [key["KeyId"] for page in pages for key in page["Keys"]] == made
    assert server.client("kms", region="ap-south-2").list_keys()["Keys"] == []
    assert error_of(kms.list_keys, Marker="nonsense").code == "InvalidMarkerException"


def test_keys_of_other_kinds_are_refused_by_name(kms):
    refusal = error_of(kms.create_key, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    assert refusal.code == "UnsupportedOperationException" and "RSA_2048" in refusal.message


# Who may


def test_identity_policies_count_through_the_key_policy(server, kms, key):
    reader = limited_user(server, "reader", allow("kms:Decrypt"))
    nobody = limited_user(server, "nobody")
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert reader.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert error_of(reader.encrypt, KeyId=key["KeyId"], Plaintext=b"x").code == "AccessDeniedException"
    assert error_of(nobody.decrypt, CiphertextBlob=blob).code == "AccessDeniedException"

    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": ["kms:PutKeyPolicy", "kms:GetKeyPolicy", "kms:CreateGrant"],
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"},
                "Action": "kms:Decrypt",
                "Resource": "*",
            },
        ],
    }
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy))
    assert json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"]) == policy
    assert nobody.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert error_of(reader.decrypt, CiphertextBlob=blob).code == "AccessDeniedException"

    grant = kms.create_grant(
        KeyId=key["KeyId"], GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:user/reader", Operations=["Decrypt"]
    )
    assert reader.decrypt(CiphertextBlob=blob, GrantTokens=[grant["GrantToken"]])["Plaintext"] == b"x"


def test_a_policy_that_locks_everybody_out_is_refused(kms, key):
    policy = allow("kms:Decrypt", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    refusal = error_of(kms.put_key_policy, KeyId=key["KeyId"], Policy=json.dumps(policy))
    assert refusal.code == "MalformedPolicyDocumentException"
    assert refusal.message == "The new key policy will not allow you to update the key policy in the future."
    assert error_of(kms.put_key_policy, KeyId=key["KeyId"], Policy="{").code == "MalformedPolicyDocumentException"


def test_no_plaintext_stands_in_the_log(server, kms, key):
    marked = b"marked-4711-plaintext"
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=marked)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == marked
    log = (server.folder / "server.log").read_bytes()
    assert marked not in log and base64.b64encode(marked) not in log


# The master key


def test_the_master_key_changes_while_everything_runs(make_server):
    server = make_server()
    kms = server.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    before = admin(server, "DescribeMasterKey").json()["MasterKey"]
    file = (server.data / "master.key").read_bytes()
    rotated = admin(server, "RotateMasterKey").json()
    assert rotated["PreviousMasterKeyId"] == before["MasterKeyId"]
    assert rotated["MasterKey"]["MasterKeyId"] != before["MasterKeyId"]
    assert (server.data / "master.key").read_bytes() != file
    assert not (server.data / "master.key.next").exists()
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    server.kill()
    server.start()
    kms = server.client("kms")
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    server.stop()
    (server.data / "master.key").write_bytes(file)
    server.launch()
    eventually(lambda: not server.process.running, within=20, what="the server refuses the old key")
    assert "made with another master key" in (server.folder / "server.log").read_text()


def test_only_the_installations_account_sees_the_master_key(server):
    iam = server.client("iam")
    iam.create_user(UserName="operator")
    made = iam.create_access_key(UserName="operator")["AccessKey"]
    keys = Keys(made["AccessKeyId"], made["SecretAccessKey"])
    for operation in ("DescribeMasterKey", "RotateMasterKey"):
        assert admin(server, operation, keys).code == "AccessDeniedException"


def test_one_server_keeps_the_master_key_of_another(server, kms, key, folder, stack):
    environment = {
        "MUSTER_MASTER_KEY_PROVIDER": "kms",
        "MUSTER_MASTER_KEY_KEY_ID": key["Arn"],
        "MUSTER_MASTER_KEY_ENDPOINT": server.url,
        "MUSTER_MASTER_KEY_REGION": "us-east-1",
        "MUSTER_MASTER_KEY_ACCESS_KEY_ID": server.root.access_key_id,
        "MUSTER_MASTER_KEY_SECRET_ACCESS_KEY": server.root.secret,
    }
    other = Server(folder / "other", environment=environment)
    stack.callback(other.close)
    other.start()
    assert not (other.data / "master.key").exists()
    described = admin(other, "DescribeMasterKey").json()["MasterKey"]
    assert (described["Provider"], described["MasterKeyId"]) == ("Kms", f"kms:{key['Arn']}")
    other.stop()
    other.start()
    other.client("kms").list_keys()
    kms.disable_key(KeyId=key["KeyId"])
    try:
        other.client("kms").list_keys()
        other.stop()
        other.launch()
        eventually(lambda: not other.process.running, within=20, what="the server says that it has no master key")
        log = (other.folder / "server.log").read_text()
        assert "DisabledException" in log and server.root.secret not in log
    finally:
        kms.enable_key(KeyId=key["KeyId"])


def test_a_client_error_is_what_boto_expects(kms):
    with pytest.raises(kms.exceptions.NotFoundException):
        kms.describe_key(KeyId="alias/absent")
    with pytest.raises(botocore.exceptions.ClientError):
        kms.generate_data_key(KeyId="alias/absent", KeySpec="AES_256")
