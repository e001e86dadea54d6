"""A machine becomes a node, keeps its identity, and may act for itself alone. With the real agent."""

import base64
import datetime
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import botocore.awsrequest
import pytest

from support.agent import Agent
from support.clients import NODE_ROLE, Refusal, boto_client, error_of, json_request, send, sign
from support.node import node_credentials, public_key, register_node, sign_as_node
from support.process import binary, run
from support.waiting import eventually


def node_of(ssm, node):
    found = ssm.describe_instance_information(Filters=[{"Key": "InstanceIds", "Values": [node]}])
    return found["InstanceInformationList"][0]


def refused(agent, activation_id, code):
    """The text with which a registration is refused; nothing is left of it."""
    result = agent.register_with(activation_id, code)
    assert result.returncode != 0
    assert not (agent.data / "registration.json").exists()
    return result.stderr


def test_a_registered_machine_is_a_node(server, ssm, make_agent):
    made = ssm.create_activation(
        IamRole=server.node_role("Lab"), DefaultInstanceName="bench", Tags=[{"Key": "site", "Value": "lab"}]
    )
    agent = make_agent(server, register=False)
    assert agent.register_with(made["ActivationId"], made["ActivationCode"]).returncode == 0
    agent.node = agent.registration()["instance_id"]
    agent.start()
    node = eventually(lambda: (n := node_of(ssm, agent.node))["PingStatus"] == "Online" and n.get("AgentVersion") and n)
    assert agent.node.startswith("mi-") and len(agent.node) == 20
    assert node["ActivationId"] == made["ActivationId"]
    assert node["IamRole"] == "Lab"
    assert node["Name"] == "bench"
    assert node["ResourceType"] == "ManagedInstance"
    assert node["PlatformType"] == "Linux"
    assert node["RegistrationDate"] <= datetime.datetime.now(datetime.timezone.utc)
    tags = ssm.list_tags_for_resource(ResourceType="ManagedInstance", ResourceId=agent.node)["TagList"]
    assert tags == [{"Key": "site", "Value": "lab"}]
    (activation,) = ssm.describe_activations(
        Filters=[{"FilterKey": "ActivationIds", "FilterValues": [made["ActivationId"]]}]
    )["ActivationList"]
    assert activation["RegistrationsCount"] == 1


def test_the_key_on_disk_is_for_its_user_alone(server, make_agent):
    agent = make_agent(server, start=False)
    assert (agent.data / "registration.json").stat().st_mode & 0o777 == 0o600
    assert agent.data.stat().st_mode & 0o777 == 0o700


def test_an_agent_comes_back_as_the_same_node(server, make_agent):
    agent = make_agent(server)
    agent.stop()
    eventually(lambda: not agent.connected(), what="the channel is closed")
    agent.start()
    assert agent.registration()["instance_id"] == agent.node


def test_a_second_registration_needs_to_be_asked_for(server, ssm, make_agent):
    agent = make_agent(server, start=False)
    made = ssm.create_activation(IamRole=NODE_ROLE)
    assert agent.register_with(made["ActivationId"], made["ActivationCode"]).returncode != 0
    assert agent.registration()["instance_id"] == agent.node
    assert agent.register_with(made["ActivationId"], made["ActivationCode"], "-y").returncode == 0
    assert agent.registration()["instance_id"] != agent.node


def test_the_official_spelling_of_the_arguments_works(server, ssm, make_agent):
    agent = make_agent(server, register=False)
    made = ssm.create_activation(IamRole=NODE_ROLE)
    command = [binary("muster-agent"), "-register", "-code", made["ActivationCode"], "-id", made["ActivationId"]]
    command += ["-region", "us-east-1", "-y", "--endpoint", server.url, "--data-dir", agent.data]
    result = run(command, environment=agent.environment)
    assert result.returncode == 0, result.stderr
    assert agent.registration()["instance_id"].startswith("mi-")


def test_a_used_up_activation_is_refused(server, ssm, make_agent):
    made = ssm.create_activation(IamRole=NODE_ROLE, RegistrationLimit=1)
    first = make_agent(server, register=False)
    assert first.register_with(made["ActivationId"], made["ActivationCode"]).returncode == 0
    second = make_agent(server, register=False)
    assert "RegistrationLimitExceeded" in refused(second, made["ActivationId"], made["ActivationCode"])


def test_an_expired_activation_is_refused(make_server, make_agent):
    server = make_server(limits={"activation_default_lifetime_ms": 1})
    made = server.client().create_activation(IamRole=NODE_ROLE)
    agent = make_agent(server, register=False)

    def expired():
        filters = [{"FilterKey": "ActivationIds", "FilterValues": [made["ActivationId"]]}]
        return server.client().describe_activations(Filters=filters)["ActivationList"][0]["Expired"]

    eventually(expired, what="the activation has expired")
    assert "ActivationExpired" in refused(agent, made["ActivationId"], made["ActivationCode"])


def test_a_wrong_code_is_refused(server, ssm, make_agent):
    made = ssm.create_activation(IamRole=NODE_ROLE)
    wrong = base64.b64encode(b"fifteen letters").decode()
    assert "InvalidActivation" in refused(make_agent(server, register=False), made["ActivationId"], wrong)


def test_a_deleted_activation_is_refused(server, ssm, make_agent):
    made = ssm.create_activation(IamRole=NODE_ROLE)
    ssm.delete_activation(ActivationId=made["ActivationId"])
    agent = make_agent(server, register=False)
    assert "InvalidActivation" in refused(agent, made["ActivationId"], made["ActivationCode"])


def test_an_unknown_activation_is_refused(server, ssm, make_agent):
    made = ssm.create_activation(IamRole=NODE_ROLE)
    agent = make_agent(server, register=False)
    assert "InvalidActivation" in refused(agent, str(uuid.uuid4()), made["ActivationCode"])


def test_a_limit_holds_when_many_come_at_once(server, ssm, tmp_path):
    """Five machines with an activation for two: two get in, whatever the order."""
    made = ssm.create_activation(IamRole=NODE_ROLE, RegistrationLimit=2)
    public = public_key(Agent(server, tmp_path / "donor").register().registration())

    def register(number):
        answer = register_node(server, made, public)
        return answer.json().get("InstanceId") or answer.code

    with ThreadPoolExecutor(5) as pool:
        results = list(pool.map(register, range(5)))
    assert sum(result.startswith("mi-") for result in results) == 2, results
    assert results.count("RegistrationLimitExceeded") == 3, results


def test_a_deregistered_node_is_gone(server, ssm, make_agent):
    agent = make_agent(server)
    ssm.deregister_managed_instance(InstanceId=agent.node)
    listed = ssm.describe_instance_information(Filters=[{"Key": "InstanceIds", "Values": [agent.node]}])
    assert listed["InstanceInformationList"] == []
    assert ssm.get_connection_status(Target=agent.node)["Status"] == "notconnected"
    assert error_of(ssm.deregister_managed_instance, InstanceId=agent.node).code == "InvalidInstanceId"
    refusal = error_of(
        ssm.send_command, DocumentName="AWS-RunShellScript", InstanceIds=[agent.node], Parameters={"commands": ["true"]}
    )
    assert refusal.code == "InvalidInstanceId"


def test_the_role_of_a_node_can_be_changed(server, ssm, make_agent):
    agent = make_agent(server, start=False)
    server.node_role("Other")
    ssm.update_managed_instance_role(InstanceId=agent.node, IamRole="Other")
    assert node_of(ssm, agent.node)["IamRole"] == "Other"
    unknown = error_of(ssm.update_managed_instance_role, InstanceId="mi-0123456789abcdef0", IamRole="Other")
    assert unknown.code == "InvalidInstanceId"


# A node acts for itself alone.


@pytest.fixture
def two_nodes(server, make_agent):
    return make_agent(server, start=False), make_agent(server, start=False)


def heart_beat(node):
    return {
        "InstanceId": node,
        "AgentName": "amazon-ssm-agent",
        "AgentStatus": "Active",
        "AgentVersion": "3.3.0.0",
        "PlatformType": "Linux",
        "ComputerName": "elsewhere",
    }


def test_a_node_reports_about_itself_and_no_other(server, ssm, two_nodes):
    one, two = two_nodes
    keys = node_credentials(server, one)

    def report(node):
        return send(sign(json_request(server.url, "UpdateInstanceInformation", heart_beat(node)), keys))

    assert report(one.node).status == 200
    answer = report(two.node)
    assert (answer.status, answer.code) == (400, "AccessDeniedException")
    assert node_of(ssm, one.node)["ComputerName"] == "elsewhere"
    assert node_of(ssm, two.node).get("ComputerName") != "elsewhere"


def test_a_node_is_no_operator(server, two_nodes):
    one, two = two_nodes
    client = boto_client("ssm", server.url, node_credentials(server, one))
    for call, parameters in [
        (client.describe_instance_information, {}),
        (client.create_activation, {"IamRole": NODE_ROLE}),
        (client.deregister_managed_instance, {"InstanceId": two.node}),
        (client.add_tags_to_resource, {"ResourceType": "ManagedInstance", "ResourceId": one.node, "Tags": []}),
        (
            client.send_command,
            {"DocumentName": "AWS-RunShellScript", "InstanceIds": [two.node], "Parameters": {"commands": ["id"]}},
        ),
    ]:
        refusal = error_of(call, **parameters)
        assert refusal.code == "AccessDeniedException", refusal
        assert "is not authorized to perform: ssm:" in refusal.message


def test_a_node_opens_no_channel_for_another(server, two_nodes):
    one, two = two_nodes
    keys = node_credentials(server, one)

    def open_channel(node):
        body = json.dumps({"MessageSchemaVersion": "1.0", "RequestId": str(uuid.uuid4())})
        url = f"{server.url}/v1/control-channel/{node}"
        headers = {"Content-Type": "application/json"}
        request = botocore.awsrequest.AWSRequest(method="POST", url=url, data=body, headers=headers)
        return send(sign(request, keys, service="ssmmessages"))

    own = open_channel(one.node)
    assert own.status == 201
    assert b"<TokenValue>" in own.body
    other = open_channel(two.node)
    assert other.status >= 400
    assert b"<TokenValue>" not in other.body


def test_temporary_credentials_say_who_the_node_is(server, two_nodes):
    one, _ = two_nodes
    identity = boto_client("sts", server.url, node_credentials(server, one)).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::000000000000:assumed-role/AmazonEC2RunCommandRoleForManagedInstances/{one.node}"


def test_credentials_of_a_deregistered_node_are_worth_nothing(server, ssm, two_nodes):
    one, _ = two_nodes
    keys = node_credentials(server, one)
    ssm.deregister_managed_instance(InstanceId=one.node)
    assert error_of(boto_client("sts", server.url, keys).get_caller_identity).code == "InvalidClientTokenId"
    answer = send(
        sign_as_node(json_request(server.url, "RequestManagedInstanceRoleToken", {"Fingerprint": "x"}), one.registration())
    )
    assert Refusal(answer.code, answer.message) == Refusal("InvalidInstanceId", f"Not existing InstanceId {one.node}")


def test_a_node_cannot_sign_as_another(server, two_nodes):
    one, two = two_nodes
    forged = two.registration() | {"private_key": one.registration()["private_key"]}
    request = json_request(server.url, "RequestManagedInstanceRoleToken", {"Fingerprint": forged["fingerprint"]})
    answer = send(sign_as_node(request, forged))
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")


def test_a_node_changes_its_key(make_server, make_agent):
    """A key that has reached its age is replaced by the agent; the old one is good for nothing then."""
    server = make_server(limits={"node_key_lifetime_ms": 1})
    agent = make_agent(server, start=False)
    before = agent.registration()
    agent.start()

    def changed():
        now = agent.registration()
        return now if now["private_key"] != before["private_key"] else None

    after = eventually(changed, within=30, what="the agent has a new key")
    assert after["instance_id"] == before["instance_id"]
    eventually(agent.connected, what="the node is connected with its new key")

    def old_key_is_refused():
        request = json_request(
            server.url, "RequestManagedInstanceRoleToken", {"Fingerprint": before["fingerprint"]}
        )
        return send(sign_as_node(request, before)).status == 400

    eventually(old_key_is_refused, within=30, what="the old key is refused")
