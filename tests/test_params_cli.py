"""`muster params`: configuration and secrets from the command line."""

import json
import stat
import uuid

import pytest

from support.process import Process, binary

MASK = "********"


@pytest.fixture
def path():
    return f"/cli/{uuid.uuid4().hex}"


@pytest.fixture
def filled(ssm, path):
    for name, value, kind in [
        ("db/host", "db.internal", "String"),
        ("db/password", "pa$$ word'\"\n", "SecureString"),
        ("regions", "a,b", "StringList"),
    ]:
        ssm.put_parameter(Name=f"{path}/{name}", Value=value, Type=kind)
    return path


def test_a_value_comes_in_and_out(muster, ssm, path):
    name = f"{path}/host"
    assert f"{name} has version 1" in muster("params", "set", name, "db.internal").stderr
    assert muster("params", "get", name).stdout == "db.internal\n"
    muster("params", "set", name, "other")
    assert muster("params", "get", f"{name}:1").stdout == "db.internal\n"
    refused = muster("params", "set", name, "third", "--create-only", expect=3)
    assert "ParameterAlreadyExists" in refused.stderr
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "other"


def test_a_secret_comes_from_standard_input_and_is_masked(muster, ssm, path):
    name = f"{path}/password"
    muster("params", "set", name, "--secure", "--description", "of the database", input="hush\n")
    assert ssm.get_parameter(Name=name)["Parameter"]["Type"] == "SecureString"
    assert muster("params", "get", name).stdout == f"{MASK}\n"
    assert muster("params", "get", name, "--reveal").stdout == "hush\n"
    # It keeps its type.
    muster("params", "set", name, input="hush again")
    assert ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] == "hush again"
    assert ssm.get_parameter(Name=name)["Parameter"]["Type"] == "SecureString"
    assert "there is no value" in muster("params", "set", name, input="\n", expect=2).stderr


def test_several_values(muster, filled):
    names = [f"{filled}/db/host", f"{filled}/db/password"]
    assert muster("params", "get", *names).stdout == f"{names[0]}\tdb.internal\n{names[1]}\t{MASK}\n"
    # In the order of the names, also where one begins like another.
    muster("params", "set", f"{names[0]}name", "long")
    assert muster("params", "get", f"{names[0]}name", names[0]).stdout == (
        f"{names[0]}name\tlong\n{names[0]}\tdb.internal\n"
    )
    found = json.loads(muster("params", "get", *names, "-o", "json").stdout)
    assert [(it["Name"], it["Type"], it["Value"]) for it in found] == [
        (names[0], "String", "db.internal"),
        (names[1], "SecureString", MASK),
    ]
    missing = muster("params", "get", names[0], f"{filled}/none", expect=3)
    assert missing.stdout == f"{names[0]}\tdb.internal\n"
    assert f"there is no parameter {filled}/none" in missing.stderr


def test_the_tree(muster, filled):
    tree = muster("params", "tree", filled).stdout
    assert tree == f"{filled}\n├── db\n│   ├── host = db.internal\n│   └── password = {MASK}\n└── regions = a,b\n"
    assert "password\n" in muster("params", "tree", filled, "--names").stdout
    assert "pa$$ word" in muster("params", "tree", filled, "--reveal").stdout
    assert "there is no parameter below" in muster("params", "tree", f"{filled}/none", expect=3).stderr


@pytest.mark.parametrize("form", ["dotenv", "json", "yaml"])
def test_what_is_exported_is_imported(muster, ssm, filled, path, form, tmp_path):
    file = tmp_path / "all"
    masked = muster("params", "export", filled, "--format", form)
    assert "pa$$" not in masked.stdout and MASK not in masked.stdout
    assert "left out, since they are secrets" in masked.stderr and "db/password" in masked.stderr
    # One that was there may have been open to others.
    file.write_text("")
    file.chmod(0o644)
    muster("params", "export", filled, "--format", form, "--reveal", "--output", file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    copy = f"{path}-copy"
    words = ["params", "import", file, "--format", form, "--path", copy, "--secure", "*password"]
    dry = muster(*words, "--dry-run")
    assert "would be: 3 created" in dry.stderr and "pa$$" not in dry.stdout
    assert ssm.get_parameters_by_path(Path=copy, Recursive=True)["Parameters"] == []
    assert "3 created, 0 changed, 0 deleted, 0 as they were" in muster(*words).stderr
    found = ssm.get_parameters_by_path(Path=copy, Recursive=True, WithDecryption=True)["Parameters"]
    assert {it["Name"].removeprefix(copy): (it["Type"], it["Value"]) for it in found} == {
        "/db/host": ("String", "db.internal"),
        "/db/password": ("SecureString", "pa$$ word'\"\n"),
        "/regions": ("String", "a,b"),
    }
    assert "0 created, 0 changed, 0 deleted, 3 as they were" in muster(*words).stderr

    assert muster("params", "diff", filled, copy).stdout == ""
    ssm.put_parameter(Name=f"{copy}/db/password", Value="x", Type="SecureString", Overwrite=True)
    ssm.put_parameter(Name=f"{copy}/new", Value="y", Type="String")
    diff = muster("params", "diff", filled, copy, expect=1)
    assert diff.stdout == f"- db/password = {MASK}\n+ db/password = {MASK}\n+ new = y\n"
    assert "1 changed, 1 deleted" in muster(*words, "--prune").stderr
    assert muster("params", "diff", filled, copy).stdout == ""


def test_a_file_that_cannot_be_read_says_where(muster, path, tmp_path):
    file = tmp_path / "broken.env"
    file.write_text("A=1\nsecret without a key\n")
    result = muster("params", "import", file, "--path", path, expect=2)
    assert "line 2" in result.stderr and "secret" not in result.stderr


def test_a_program_gets_parameters_as_variables(muster, filled, environment):
    script = 'printf "%s|%s|%s" "$DB_HOST" "$DB_PASSWORD" "$REGIONS"; exit 7'
    result = muster("params", "exec", filled, "--", "sh", "-c", script, expect=7)
    assert result.stdout == "db.internal|pa$$ word'\"\n|a,b"
    pristine = muster("params", "exec", filled, "--pristine", "--prefix", "APP_", "--", "/usr/bin/env")
    names = {line.split("=")[0] for line in pristine.stdout.splitlines() if "=" in line}
    assert names == {"APP_DB_HOST", "APP_DB_PASSWORD", "APP_REGIONS"}
    assert "cannot run" in muster("params", "exec", filled, "--", "/no/such/program", expect=127).stderr
    assert "there is no parameter" in muster("params", "exec", f"{filled}/none", "--", "true", expect=3).stderr


def test_no_value_is_in_the_list_of_processes(filled, environment, tmp_path):
    """The program takes our place, with nothing of a parameter in its arguments."""
    command = [binary("muster"), "params", "exec", filled, "--", "sh", "-c", "echo ready; exec sleep 60"]
    process = Process("muster", command, tmp_path / "muster.log", environment=environment)
    try:
        process.wait_for_line("ready")
        with open(f"/proc/{process.popen.pid}/cmdline", "rb") as arguments:
            assert b"pa$$" not in arguments.read()
    finally:
        process.stop()
