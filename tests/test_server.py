"""A server's own life: start, stop, health, settings, and the data that it refuses."""

import signal
import stat
import time
from concurrent.futures import ThreadPoolExecutor

import botocore.exceptions
import pytest

from support.clients import NODE_ROLE, Keys, boto_client
from support.process import binary, run
from support.waiting import eventually


def refused(server, *extra, within=20):
    """Starts a server that must not start; its exit code and what it said."""
    server.launch(*extra)
    code = server.process.popen.wait(within)
    return code, server.process.log()


def test_it_answers_soon_after_its_start(make_server):
    """From an empty folder; an unoptimised build on a busy machine gets more than the 200 ms of a release."""
    server = make_server(start=False)
    began = time.monotonic()
    server.start()
    assert time.monotonic() - began < 5


def test_health_readiness_and_metrics(server):
    assert server.get("/healthz")[0] == 200
    assert server.get("/readyz")[0] == 200
    status, metrics = server.get("/metrics")
    assert status == 200
    assert "# TYPE muster_" in metrics


def test_the_credentials_are_for_their_owner_alone(server):
    assert stat.S_IMODE(server.credentials_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.data.stat().st_mode) & 0o077 == 0
    text = server.process.log()
    assert server.root.secret not in text


def test_credentials_can_be_brought_along(make_server):
    keys = Keys("AKIAMUSTERTEST000001", "a-secret-that-nobody-knows-but-us")
    server = make_server(
        environment={
            "MUSTER_ROOT_ACCESS_KEY_ID": keys.access_key_id,
            "MUSTER_ROOT_SECRET_ACCESS_KEY": keys.secret,
        }
    )
    assert server.root == keys
    assert boto_client("sts", server.url, keys).get_caller_identity()["Account"] == "000000000000"


def test_an_account_of_ones_own(make_server):
    server = make_server(environment={"MUSTER_ACCOUNT_ID": "123456789012"})
    assert server.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_data_survives_an_orderly_restart_and_a_kill(make_server):
    server = make_server()
    ssm = server.client()
    first = ssm.create_activation(IamRole=NODE_ROLE)["ActivationId"]
    server.stop()
    server.start()
    second = ssm.create_activation(IamRole=NODE_ROLE)["ActivationId"]
    server.kill()
    server.start()
    assert {a["ActivationId"] for a in ssm.describe_activations()["ActivationList"]} == {first, second}


def test_it_stops_on_either_signal_with_connected_nodes(make_server, make_agent):
    server = make_server()
    agent = make_agent(server)
    server.stop()
    server.start()
    agent.wait_connected()
    server.process.signal(signal.SIGINT)
    assert server.process.popen.wait(15) == 0


def test_a_taken_port_is_told(make_server):
    first = make_server()
    second = make_server(start=False)
    second.port = first.port
    code, text = refused(second)
    assert code != 0
    assert f"127.0.0.1:{first.port}" in text and "another program uses this port" in text


def test_a_data_folder_in_use_is_told(make_server):
    first = make_server()
    second = make_server(start=False)
    second.data = first.data
    second.environment = first.environment
    code, text = refused(second)
    assert code != 0
    assert str(first.data) in text
    assert first.ready()


def test_data_of_a_newer_version_is_refused_and_left_alone(make_server):
    server = make_server()
    server.stop()
    server.database.execute(
        server.data,
        "INSERT INTO schema_version (number, name, checksum, applied_ms) VALUES (9999, 'from_the_future', 'x', 0)",
    )
    code, text = refused(server)
    assert code != 0
    assert "newer" in text, text


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--listen", "nowhere"], "--listen"),
        (["--account-id", "12"], "--account-id"),
        (["--database-url", "mysql://x"], "--database-url"),
        (["--tls-cert", "/nonexistent.pem", "--tls-key", "/nonexistent.key"], "/nonexistent"),
        (["--config", "/nonexistent.toml"], "/nonexistent.toml"),
        (["--log", "==="], "log filter"),
    ],
)
def test_wrong_settings_are_named(tmp_path, arguments, word):
    result = run([binary("muster-server"), "--data-dir", tmp_path, *arguments])
    assert result.returncode != 0
    assert word in result.stderr
    assert "panicked" not in result.stderr


def test_a_data_folder_that_cannot_be_made_is_told():
    result = run([binary("muster-server"), "--data-dir", "/proc/nobody/data"])
    assert result.returncode != 0 and "/proc/nobody/data" in result.stderr


def test_calls_under_way_are_answered_before_the_end(make_server):
    """SIGTERM in the middle of many calls: each has an answer, or no connection, and none a broken one."""
    server = make_server()
    results = []

    def call():
        client = server.client()
        while True:
            try:
                client.describe_activations()
                results.append("answered")
            except (botocore.exceptions.EndpointConnectionError, botocore.exceptions.ConnectionClosedError):
                return
            except botocore.exceptions.ClientError as error:
                results.append(repr(error))
                return

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(call) for _ in range(4)]
        eventually(lambda: len(results) > 20, what="calls are under way")
        server.stop()
        for future in futures:
            future.result(30)
    assert set(results) == {"answered"}
