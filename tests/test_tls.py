"""TLS with the server's own authority: for the SDK, for the CLI, for the agent."""

import http.client
import shutil
import socket
import ssl

import botocore.exceptions
import pytest

from support.clients import NODE_ROLE, boto_client, post
from support.commands import run_shell
from support.process import clean_environment


@pytest.fixture
def server(make_server):
    return make_server(tls=True)


def test_all_clients_speak_tls(server, make_agent, tmp_path):
    agent = make_agent(server)
    assert run_shell(server.client(), agent.node, "echo over TLS")["StandardOutputContent"] == "over TLS\n"
    listed = server.cli(tmp_path)("ssm", "describe-instance-information")
    assert [node["InstanceId"] for node in listed["InstanceInformationList"]] == [agent.node]


def test_who_does_not_know_the_authority_does_not_connect(server, make_agent):
    stranger = boto_client("ssm", server.url, server.root)
    with pytest.raises(botocore.exceptions.SSLError):
        stranger.describe_instance_information()
    agent = make_agent(server, register=False)
    agent.ca = None
    agent.environment = clean_environment()
    made = server.client().create_activation(IamRole=NODE_ROLE)
    result = agent.register_with(made["ActivationId"], made["ActivationCode"])
    assert result.returncode != 0
    assert "certificate" in result.stderr.lower()


def test_the_authority_stays_over_restarts(server, make_agent):
    agent = make_agent(server)
    before = server.ca.read_text()
    server.stop()
    server.start()
    assert server.ca.read_text() == before
    agent.wait_connected()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_plain_http_and_old_tls_get_no_answer(server):
    with pytest.raises((OSError, http.client.HTTPException)):
        post(f"http://localhost:{server.port}", "{}", {})
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(server.ca)
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", server.port)) as plain:
        old.wrap_socket(plain, server_hostname="localhost")


def test_a_certificate_of_ones_own(server, make_server):
    """What --tls-self-signed made serves as a certificate that an operator brings along."""
    source = server.data / "tls"
    other = make_server(start=False)
    certificate, key = (shutil.copy(source / name, other.folder) for name in ("server.pem", "server.key"))
    other.tls, other.own_ca = True, server.ca
    other.start("--tls-cert", certificate, "--tls-key", key)
    assert other.client().describe_instance_information()["InstanceInformationList"] == []


def test_other_addresses_demand_tls(make_server):
    server = make_server(start=False)
    server.address = "0.0.0.0"
    server.launch()
    assert server.process.popen.wait(10) != 0
    assert "--no-tls" in server.process.log()
