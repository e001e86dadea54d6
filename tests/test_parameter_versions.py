"""Versions of parameters: they count up, a hundred are kept, labels name them, and writers do not lose any."""

import concurrent.futures

import pytest

from support.clients import error_of


def put(ssm, name, value="v"):
    made = ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
    return made["Version"]


def value(ssm, name):
    return ssm.get_parameter(Name=name)["Parameter"]["Value"]


def history(ssm, name, **more):
    pages = ssm.get_paginator("get_parameter_history").paginate(Name=name, **more)
    return pages.build_full_result()["Parameters"]


@pytest.fixture
def three(ssm, request):
    """A parameter with three versions."""
    name = f"/three/{request.node.name}"
    assert [put(ssm, name, f"v{number}") for number in (1, 2, 3)] == [1, 2, 3]
    return name


def test_versions_count_up_and_are_found(ssm, three):
    assert value(ssm, three) == "v3"
    found = ssm.get_parameter(Name=f"{three}:1")["Parameter"]
    assert (found["Name"], found["Value"], found["Version"], found["Selector"]) == (three, "v1", 1, ":1")
    entries = history(ssm, three, MaxResults=2)
    assert [(entry["Version"], entry["Value"], entry["Labels"]) for entry in entries] == [
        (1, "v1", []),
        (2, "v2", []),
        (3, "v3", []),
    ]


def test_a_version_that_is_not_there(ssm, three):
    text = f"Systems Manager could not find version 5 of {three}. Verify the version and try again."
    for refusal in (
        error_of(ssm.get_parameter, Name=f"{three}:5"),
        error_of(ssm.label_parameter_version, Name=three, ParameterVersion=5, Labels=["l"]),
        error_of(ssm.unlabel_parameter_version, Name=three, ParameterVersion=5, Labels=["l"]),
    ):
        assert (refusal.code, refusal.message) == ("ParameterVersionNotFound", text)
    assert error_of(ssm.get_parameter, Name=f"{three}:none").code == "ParameterVersionNotFound"
    assert error_of(ssm.get_parameter, Name="/never:5").code == "ParameterNotFound"
    assert error_of(ssm.get_parameter, Name=f"{three}:1:2").code == "ParameterNotFound"


def test_a_label_names_a_version_and_moves(ssm, three):
    answer = ssm.label_parameter_version(Name=three, ParameterVersion=1, Labels=["prod", "Test_1.x-y"])
    assert (answer["ParameterVersion"], answer["InvalidLabels"]) == (1, [])
    assert value(ssm, f"{three}:prod") == "v1"
    # Without a version, on the latest.
    assert ssm.label_parameter_version(Name=three, Labels=["prod"])["ParameterVersion"] == 3
    assert value(ssm, f"{three}:prod") == "v3"
    labels = {entry["Version"]: entry["Labels"] for entry in history(ssm, three)}
    assert labels == {1: ["Test_1.x-y"], 2: [], 3: ["prod"]}
    answer = ssm.unlabel_parameter_version(Name=three, ParameterVersion=3, Labels=["prod", "never"])
    assert (answer["RemovedLabels"], answer["InvalidLabels"]) == (["prod"], ["never"])
    assert error_of(ssm.get_parameter, Name=f"{three}:prod").code == "ParameterVersionNotFound"


def test_labels_that_cannot_be(ssm, careless_ssm, three):
    labels = ["good", "1st", "awsome", "SSM-x", "a b", "a/b"]
    answer = ssm.label_parameter_version(Name=three, Labels=labels)
    assert sorted(answer["InvalidLabels"]) == sorted(labels[1:])
    assert value(ssm, f"{three}:good") == "v3"
    refusal = error_of(careless_ssm.label_parameter_version, Name=three, Labels=["l" * 101])
    assert refusal.code == "ValidationException"


def test_a_version_has_ten_labels(ssm, three):
    ssm.label_parameter_version(Name=three, Labels=[f"l{number}" for number in range(10)])
    refusal = error_of(ssm.label_parameter_version, Name=three, Labels=["one-more"])
    assert refusal.code == "ParameterVersionLabelLimitExceeded"
    ssm.label_parameter_version(Name=three, ParameterVersion=2, Labels=["l0"])
    ssm.label_parameter_version(Name=three, Labels=["one-more"])


def test_a_hundred_are_kept(ssm):
    for number in range(1, 102):
        assert put(ssm, "/hundred") == number
    assert [entry["Version"] for entry in history(ssm, "/hundred")] == list(range(2, 102))
    assert error_of(ssm.get_parameter, Name="/hundred:1").code == "ParameterVersionNotFound"
    ssm.label_parameter_version(Name="/hundred", ParameterVersion=2, Labels=["prod"])
    refusal = error_of(put, ssm, "/hundred")
    assert refusal.code == "ParameterMaxVersionLimitExceeded"
    assert refusal.message == (
        "You attempted to create a new version of /hundred by calling the PutParameter API with the overwrite flag. "
        "Version 2, the oldest version, can't be deleted because it has a label associated with it. Move the label to "
        "another version of the parameter, and try again."
    )
    ssm.label_parameter_version(Name="/hundred", ParameterVersion=50, Labels=["prod"])
    assert put(ssm, "/hundred") == 102


def test_every_writer_of_a_race_has_a_version_of_its_own(server):
    clients = [server.client() for _ in range(8)]
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        calls = {pool.submit(put, clients[number % 8], "/race", str(number)): str(number) for number in range(64)}
        written = {call.result(): given for call, given in calls.items()}
    assert sorted(written) == list(range(1, 65))
    kept = {entry["Version"]: entry["Value"] for entry in history(clients[0], "/race")}
    assert kept == written


def test_one_of_many_makes_it(server):
    clients = [server.client() for _ in range(8)]

    def make(client):
        try:
            return client.put_parameter(Name="/made-once", Value="v", Type="String")["Version"]
        except client.exceptions.ParameterAlreadyExists:
            return None

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        made = list(pool.map(make, clients * 2))
    assert made.count(1) == 1
