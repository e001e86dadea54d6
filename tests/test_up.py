"""`muster up`: from an empty folder to a first command, as the README's first command does it after building."""

import json
import os
import pathlib
import re
import shlex
import signal
import socket
import sqlite3

import pytest

from support.process import Process, binary, clean_environment, python_program, run
from support.server import free_port
from support.waiting import eventually


@pytest.fixture
def data(tmp_path):
    return tmp_path / "muster-data"


@pytest.fixture
def up(tmp_path, data):
    def call(*words, port=0, expect=0):
        command = [binary("muster"), "up", "--exit", "--data-dir", data, *words]
        if port is not None:
            command += ["--port", port]
        result = run(command, cwd=tmp_path, within=120, environment=clean_environment(HOME=tmp_path))
        assert result.returncode == expect, f"exit {result.returncode}: {result.stdout}{result.stderr}"
        assert "\x1b" not in result.stdout + result.stderr, "no colours away from a terminal"
        return result

    return call


def node_in(text):
    return re.search(r"mi-[0-9a-f]{17}", text)[0]


def test_from_nothing_to_a_first_command(up, data, tmp_path):
    first = up()
    assert re.search(r"Hello from \S+, run by \S+ through the AWS Systems Manager API\.", first.stdout)
    assert "Linux" in first.stdout
    # It touches nothing outside its folder.
    assert [path.name for path in tmp_path.iterdir()] == ["muster-data"]
    assert data.stat().st_mode & 0o077 == 0


def test_a_second_start_finds_all_again(up, data):
    node = node_in(up().stderr)
    second = up(port=None)
    assert node_in(second.stderr) == node
    assert "Registering" not in second.stderr
    assert "Hello from" in second.stdout
    with sqlite3.connect(data / "server" / "muster.db") as database:
        assert database.execute("SELECT count(*) FROM managed_node").fetchone() == (1,)


def test_on_another_port_it_still_works(up):
    up()
    assert "Hello from" in up(port=free_port()).stdout


def test_it_stays_and_tells_how_to_go_on(data, tmp_path):
    process = Process(
        "muster up",
        [binary("muster"), "up", "--data-dir", data, "--port", "0"],
        tmp_path / "up.log",
        environment=clean_environment(HOME=tmp_path),
        cwd=tmp_path,
    )
    process.wait_for_line("Ctrl-C stops it", within=60)
    exports = [line for line in process.log().splitlines() if line.startswith("export ")]
    assert len(exports) == 3
    pasted = dict(word.split("=", 1) for line in exports for word in shlex.split(line)[1:])
    environment = clean_environment(**pasted, HOME=tmp_path)
    listed = run([python_program("aws"), "ssm", "describe-instance-information"], environment=environment)
    assert listed.returncode == 0, listed.stderr
    (node,) = json.loads(listed.stdout)["InstanceInformationList"]
    assert (node["InstanceId"], node["PingStatus"]) == (node_in(process.log()), "Online")
    # Nor does our own command line need more than the folder it stands in.
    here = run([binary("muster"), "nodes"], environment=clean_environment(HOME=tmp_path), cwd=tmp_path)
    assert node["InstanceId"] in here.stdout

    again = run([binary("muster"), "up", "--exit", "--data-dir", data, "--port", "0"])
    assert again.returncode == 3
    assert f"already up with the data folder {data} (process {process.pid}, at http://127.0.0.1:" in again.stderr

    process.signal(signal.SIGINT)
    assert process.popen.wait(20) == 0
    endpoint = pasted["AWS_ENDPOINT_URL"].rpartition(":")[2]
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", int(endpoint)), timeout=1)


def test_a_server_that_dies_ends_it_with_the_reason(data, tmp_path):
    process = Process(
        "muster up", [binary("muster"), "up", "--data-dir", data, "--port", "0"], tmp_path / "up.log", cwd=tmp_path
    )
    process.wait_for_line("Ctrl-C stops it", within=60)
    for child in children(process.pid, "muster-server"):
        os.kill(child, signal.SIGKILL)
    assert process.popen.wait(20) == 3
    assert "muster-server ended (signal: 9 (SIGKILL))" in process.log()
    eventually(lambda: not children(process.pid, "muster-agent"), what="the agent is stopped, too")


def children(pid, name):
    """Processes of a name that another one started."""
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            about = dict(line.split(":", 1) for line in status.read_text().splitlines())
        except OSError:
            continue
        if (about["Name"].strip(), int(about["PPid"])) == (name, pid):
            found.append(int(about["Pid"]))
    return found


def test_a_taken_port_is_told_with_its_holder(up):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        error = up(port=port, expect=3).stderr
    assert re.search(rf"port {port} is taken by \S+ \(process \d+\)", error), error


def test_a_folder_of_a_newer_version_is_told(up, data):
    up()
    with sqlite3.connect(data / "server" / "muster.db") as database:
        database.execute("INSERT INTO schema_version (number, name, checksum, applied_ms) VALUES (9999, 'x', 'x', 0)")
    database.close()
    assert "newer" in up(port=None, expect=3).stderr


def test_a_folder_of_something_else_is_left_alone(up, data):
    data.mkdir()
    (data / "thesis.tex").write_text("precious")
    assert "is no data folder of Muster" in up(expect=2).stderr
    assert [path.name for path in data.iterdir()] == ["thesis.tex"]


def test_missing_programs_are_named(up):
    error = up("--agent-binary", "/nonexistent/muster-agent", expect=2).stderr
    assert "`muster-agent` is not at /nonexistent/muster-agent" in error
