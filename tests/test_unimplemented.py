"""What is known and not built: the list is computed by calling every operation of the service model, and kept.

It may shrink; nothing may come back onto it unseen. The answer to such a call is honest and harmless.
"""

import botocore.session
import pytest

from support import golden
from support.clients import error_of, json_request, send, sign

MODEL = botocore.session.get_session().get_service_model("ssm")


@pytest.fixture(scope="module")
def codes(server):
    """What each operation answers to an empty request."""
    answers = {}
    for name in MODEL.operation_names:
        answer = send(sign(json_request(server.url, name, {}), server.root))
        assert answer.status < 500, (name, answer)
        answers[name] = answer.json().get("__type", "") if answer.status >= 400 else ""
    return answers


def test_every_operation_of_the_model_is_known(codes):
    assert len(codes) == 154
    assert [name for name, code in codes.items() if code == "UnknownOperationException"] == []


@pytest.mark.golden
def test_the_list_of_what_is_not_built(codes):
    missing = sorted(name for name, code in codes.items() if code == "UnsupportedOperationException")
    golden.check("unimplemented-operations.txt", "".join(f"{name}\n" for name in missing))


def test_an_sdk_gets_an_error_that_names_the_operation(ssm):
    refusal = error_of(ssm.describe_patch_baselines)
    assert refusal.code == "UnsupportedOperationException"
    assert "DescribePatchBaselines" in refusal.message


def test_no_operation_answers_the_unsigned(server):
    """Whoever does not sign learns nothing but that he must; registering has a secret of its own."""
    for name in MODEL.operation_names:
        answer = send(json_request(server.url, name, {}))
        assert (answer.status, answer.code) == (400, "MissingAuthenticationTokenException"), name
