"""A node's side of the API without an agent: registering, and signing with a registered key."""

import base64
import functools
import json
import uuid

import botocore.auth
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from support.clients import NODE_ROLE, Keys, json_request, post, send


def register_node(server, activation, public):
    """RegisterManagedInstance, which nobody signs; the HTTP answer."""
    body = {
        "ActivationId": activation["ActivationId"],
        "ActivationCode": activation["ActivationCode"],
        "Fingerprint": str(uuid.uuid4()),
        "PublicKey": public,
        "PublicKeyType": "Rsa",
    }
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.RegisterManagedInstance"}
    return post(server.url, json.dumps(body), headers, ca=server.ca)


def register_many(server, count, **activation):
    """Nodes that exist in the books alone; their ids."""
    made = server.client().create_activation(**({"IamRole": NODE_ROLE, "RegistrationLimit": count} | activation))
    return [register_node(server, made, paper_key()).json()["InstanceId"] for _ in range(count)]


@functools.cache
def paper_key():
    return spki(rsa.generate_private_key(65537, 2048).public_key())


def node_credentials(server, agent):
    """Temporary credentials, fetched as an agent does it: signed with the node's own key."""
    registration = agent.registration()
    request = json_request(
        server.url, "RequestManagedInstanceRoleToken", {"Fingerprint": registration["fingerprint"]}
    )
    answer = send(sign_as_node(request, registration))
    assert answer.status == 200, answer
    body = answer.json()
    assert set(body) >= {"AccessKeyId", "SecretAccessKey", "SessionToken", "TokenExpirationDate", "UpdateKeyPair"}
    return Keys(body["AccessKeyId"], body["SecretAccessKey"], body["SessionToken"])


def private_key(registration):
    return serialization.load_der_private_key(pkcs8(base64.b64decode(registration["private_key"])), None)


def pkcs8(pkcs1):
    """The key as the library reads it: the bare key of the vault in its usual envelope."""
    return der(0x30, b"\x02\x01\x00" + der(0x30, RSA_ALGORITHM) + der(0x04, pkcs1))


def der(tag, content):
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


RSA_ALGORITHM = bytes.fromhex("06092a864886f70d0101010500")


def sign_as_node(request, registration):
    """The signature of a registered key: SigV4's form, with RSA-PSS in place of HMAC."""

    class NodeAuth(botocore.auth.SigV4Auth):
        def signature(self, string_to_sign, request):
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
            signature = private_key(registration).sign(string_to_sign.encode(), pss, hashes.SHA256())
            return base64.b64encode(signature).decode()

    keys = Keys(registration["instance_id"], "unused")
    NodeAuth(keys.botocore(), "ssm", registration["region"]).add_auth(request)
    return request


def public_key(registration):
    return spki(private_key(registration).public_key())


def spki(public):
    encoded = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(encoded).decode()
