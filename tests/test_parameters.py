"""Parameter Store: putting, reading, listing and deleting parameters, and everything that one cannot be."""

import concurrent.futures
import datetime
import time

import pytest

from support.clients import REGION, error_of

ACCOUNT = "000000000000"
SUB_PATHS = (
    "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of "
    "sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 "
    "symbols .-_"
)


def arn(name):
    return f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{name.lstrip('/')}"


def put(ssm, name, value="v", **more):
    return ssm.put_parameter(**{"Name": name, "Value": value, "Type": "String", **more})


def value(ssm, name, **more):
    return ssm.get_parameter(Name=name, **more)["Parameter"]["Value"]


def names(parameters):
    return [parameter["Name"] for parameter in parameters]


# Putting and reading


def test_a_parameter_is_read_as_it_was_put(ssm):
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
    made = put(ssm, "/read/db", "postgres://ä", Description="words")
    assert (made["Version"], made["Tier"]) == (1, "Standard")
    found = ssm.get_parameter(Name="/read/db")["Parameter"]
    assert before < found.pop("LastModifiedDate") < before + datetime.timedelta(minutes=1)
    assert found == {
        "Name": "/read/db",
        "Type": "String",
        "Value": "postgres://ä",
        "Version": 1,
        "ARN": arn("/read/db"),
        "DataType": "text",
    }
    assert ssm.get_parameter(Name=arn("/read/db"))["Parameter"]["Name"] == "/read/db"
    assert value(ssm, "  /read/db ") == "postgres://ä"


def test_a_parameter_outlives_the_server(make_server):
    server = make_server()
    put(server.client(), "/kept", "here")
    server.kill()
    assert value(server.start().client(), "/kept") == "here"


def test_no_parameter(ssm, server):
    put(ssm, "/there", "v")
    for call in (ssm.get_parameter, ssm.delete_parameter, ssm.get_parameter_history):
        assert error_of(call, Name="/never").code == "ParameterNotFound"
    elsewhere = server.client(region="eu-west-1")
    assert error_of(elsewhere.get_parameter, Name="/there").code == "ParameterNotFound"
    assert elsewhere.describe_parameters()["Parameters"] == []
    assert elsewhere.get_parameters_by_path(Path="/", Recursive=True)["Parameters"] == []


def test_x_and_slash_x_are_one_parameter(ssm):
    put(ssm, "twice")
    assert error_of(put, ssm, "/twice").code == "ParameterAlreadyExists"
    assert ssm.get_parameter(Name="/twice")["Parameter"]["Name"] == "/twice"
    assert ssm.get_parameter(Name="twice")["Parameter"]["Name"] == "twice"


def test_an_overwrite_is_asked_for(ssm):
    put(ssm, "/once")
    refusal = error_of(put, ssm, "/once")
    assert refusal.code == "ParameterAlreadyExists"
    assert refusal.message == (
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."
    )
    assert put(ssm, "/once", Overwrite=True)["Version"] == 2


def test_an_overwrite_keeps_what_it_does_not_name(ssm):
    put(ssm, "/keeps", "1", Description="stays", AllowedPattern=r"\d+", DataType="integer")
    ssm.put_parameter(Name="/keeps", Value="2", Overwrite=True)
    kept = describe(ssm, Name="/keeps")[0]
    assert (kept["Description"], kept["AllowedPattern"], kept["DataType"]) == ("stays", r"\d+", "integer")
    assert kept["LastModifiedUser"] == f"arn:aws:iam::{ACCOUNT}:root"
    # An empty pattern is none, and Terraform sends one.
    ssm.put_parameter(Name="/keeps", Value="3", Overwrite=True, AllowedPattern="")
    assert "AllowedPattern" not in describe(ssm, Name="/keeps")[0]


def test_a_type_may_change_as_terraform_does_it(ssm):
    put(ssm, "/typed", "secret", Type="SecureString")
    put(ssm, "/typed", "plain", Overwrite=True)
    assert ssm.get_parameter(Name="/typed")["Parameter"]["Type"] == "String"


def test_several_are_read_at_once(ssm):
    for name in ("/several/b", "several-a", "/several/c"):
        put(ssm, name)
    found = ssm.get_parameters(
        Names=["/several/c", "/several/none", "/several/b:1", "several-a", "/several/b:9", "/several/c", "not a name"]
    )
    assert names(found["Parameters"]) == ["/several/b", "/several/c", "several-a"]
    assert found["InvalidParameters"] == ["/several/none", "/several/b:9", "not a name"]


def test_at_most_ten_at_once(careless_ssm):
    refusal = error_of(careless_ssm.get_parameters, Names=[f"p{number}" for number in range(11)])
    assert refusal.code == "ValidationException"
    assert "Member must have length less than or equal to 10" in refusal.message


def test_how_many_is_configuration(make_server):
    ssm = make_server(limits={"parameter_names": 100, "parameters_per_page": 50}).client(validate=False)
    many = [f"/many/{number:03}" for number in range(100)]
    for name in many:
        put(ssm, name)
    assert names(ssm.get_parameters(Names=many)["Parameters"]) == many
    assert len(ssm.get_parameters_by_path(Path="/many", MaxResults=50)["Parameters"]) == 50
    assert error_of(ssm.get_parameters, Names=[*many, "/more"]).code == "ValidationException"
    assert len(ssm.delete_parameters(Names=many)["DeletedParameters"]) == 100


def test_several_are_deleted_at_once(ssm):
    put(ssm, "/gone/1")
    put(ssm, "/gone/2")
    answer = ssm.delete_parameters(Names=["/gone/1", "/gone/none", "/gone/2", "ssm-x"])
    assert answer["DeletedParameters"] == ["/gone/1", "/gone/2"]
    assert answer["InvalidParameters"] == ["/gone/none", "ssm-x"]
    # A new one of that name begins anew.
    assert put(ssm, "/gone/1")["Version"] == 1


# Secrets


def test_a_secret_is_shown_to_whom_asks_for_it(ssm, server):
    put(ssm, "/secret/1", "hunter2-in-clear", Type="SecureString")
    sealed = value(ssm, "/secret/1")
    assert sealed != "hunter2-in-clear" and len(sealed) > 100
    assert value(ssm, "/secret/1", WithDecryption=True) == "hunter2-in-clear"
    page = ssm.get_parameters_by_path(Path="/secret", WithDecryption=True)
    assert page["Parameters"][0]["Value"] == "hunter2-in-clear"
    assert describe(ssm, Name="/secret/1")[0]["KeyId"] == "alias/aws/ssm"
    assert "hunter2-in-clear" not in server.process.log()
    for file in server.data.glob("muster.db*"):
        assert b"hunter2-in-clear" not in file.read_bytes()


def test_a_large_secret(ssm):
    large = "x" * 8192
    put(ssm, "/secret/large", large, Type="SecureString", Tier="Advanced")
    assert value(ssm, "/secret/large", WithDecryption=True) == large


def test_a_key_that_is_not_there(ssm):
    refusal = error_of(put, ssm, "/secret/2", Type="SecureString", KeyId="alias/none")
    assert refusal.code == "InvalidKeyId"
    refusal = error_of(put, ssm, "/secret/2", Type="String", KeyId="alias/aws/ssm")
    assert refusal.code == "ValidationException"


# Hierarchies


@pytest.fixture(scope="module")
def tree(ssm):
    for name in ("/tree/1", "/tree/2", "/tree/a/1", "/tree/a/b/1", "/tree-like", "/treetop/1"):
        put(ssm, name)
    put(ssm, "/tree/list", "a,b", Type="StringList")
    return "/tree"


def by_path(ssm, path, **more):
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, **more)
    return names(pages.build_full_result()["Parameters"])


@pytest.mark.parametrize("size", [1, 2, 10])
def test_what_is_below_a_path(ssm, tree, size):
    assert by_path(ssm, tree, MaxResults=size) == ["/tree/1", "/tree/2", "/tree/list"]
    everything = ["/tree/1", "/tree/2", "/tree/a/1", "/tree/a/b/1", "/tree/list"]
    assert by_path(ssm, tree, Recursive=True, MaxResults=size) == everything
    assert by_path(ssm, f"{tree}/", Recursive=True, MaxResults=size) == everything
    assert by_path(ssm, "/tree/1", Recursive=True, MaxResults=size) == []


def test_pages_have_ten(ssm):
    for number in range(21):
        put(ssm, f"/pages/{number:02}")
    page = ssm.get_parameters_by_path(Path="/pages")
    assert len(page["Parameters"]) == 10 and page["NextToken"]
    assert len(by_path(ssm, "/pages")) == 21


def test_paths_are_filtered(ssm, tree):
    filters = [{"Key": "Type", "Values": ["StringList"]}]
    assert by_path(ssm, tree, Recursive=True, ParameterFilters=filters) == ["/tree/list"]
    put(ssm, "/tree/labelled", "old")
    ssm.label_parameter_version(Name="/tree/labelled", Labels=["latest"])
    put(ssm, "/tree/labelled", "new", Overwrite=True)
    page = ssm.get_parameters_by_path(Path=tree, ParameterFilters=[{"Key": "Label", "Values": ["latest"]}])
    assert [(found["Name"], found["Value"]) for found in page["Parameters"]] == [("/tree/labelled", "old")]
    ssm.delete_parameter(Name="/tree/labelled")


def test_filters_that_a_path_does_not_take(ssm):
    refusal = error_of(ssm.get_parameters_by_path, Path="/", ParameterFilters=[{"Key": "Name", "Values": ["x"]}])
    assert refusal.code == "InvalidFilterKey"
    assert refusal.message == "The following filter key is not valid: Name. Valid filter keys include: [Type, KeyId]."


def test_a_path_that_is_none(ssm):
    refusal = error_of(ssm.get_parameters_by_path, Path="no/slash")
    assert refusal.code == "ValidationException"
    assert refusal.message.startswith("The parameter doesn't meet the parameter name requirements.")
    assert error_of(ssm.get_parameters_by_path, Path="/", NextToken="forged").code == "InvalidNextToken"


# Describing


def describe(ssm, **equal):
    filters = [{"Key": key, "Values": [wanted]} for key, wanted in equal.items()]
    pages = ssm.get_paginator("describe_parameters").paginate(ParameterFilters=filters)
    return pages.build_full_result()["Parameters"]


def test_parameters_are_described_without_their_values(ssm):
    put(ssm, "/described", "v", Description="words", Tier="Advanced")
    found = describe(ssm, Name="/described")[0]
    found.pop("LastModifiedDate")
    assert found == {
        "Name": "/described",
        "ARN": arn("/described"),
        "Type": "String",
        "LastModifiedUser": f"arn:aws:iam::{ACCOUNT}:root",
        "Description": "words",
        "Version": 1,
        "Tier": "Advanced",
        "Policies": [],
        "DataType": "text",
    }


def test_filters_of_both_kinds_do_not_go_together(ssm):
    refusal = error_of(
        ssm.describe_parameters,
        Filters=[{"Key": "Name", "Values": ["x"]}],
        ParameterFilters=[{"Key": "Name", "Values": ["x"]}],
    )
    assert refusal.message == "You can use either Filters or ParameterFilters in a single request."


# What cannot be


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("ssm_test", "ValidationException", 'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).'),
        ("AWS_TEST", "ValidationException", 'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).'),
        ("/SSM/PATH/TO", "ValidationException", SUB_PATHS),
        ("/aws/path/to", "AccessDeniedException", "No access to reserved parameter name: /aws/path/to."),
        ("/a b", "ValidationException", SUB_PATHS),
        ("/a//b", "ValidationException", SUB_PATHS),
        ("/a/../b", "ValidationException", SUB_PATHS),
        ("a@b", "ValidationException", SUB_PATHS),
        ("x:1", "ValidationException", SUB_PATHS),
        ("a/b", "ValidationException", "Parameter name must be a fully qualified name."),
        ("/a/", "ValidationException", "Parameter name must not end with slash."),
    ],
)
def test_names_that_no_parameter_has(ssm, name, code, text):
    refusal = error_of(put, ssm, name)
    assert (refusal.code, refusal.message) == (code, text)


def test_names_that_are_too_long(ssm, careless_ssm):
    assert put(ssm, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15")["Version"] == 1
    refusal = error_of(put, ssm, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16")
    assert refusal.code == "HierarchyLevelLimitExceededException"
    assert refusal.message.startswith("A hierarchy can have a maximum of 15 levels.")
    room = 1011 - len(arn(""))
    put(ssm, "n" * room)
    assert error_of(put, ssm, "n" * (room + 1)).code == "ValidationException"
    assert error_of(put, careless_ssm, "n" * 2049).code == "ValidationException"


@pytest.mark.parametrize("name", ["{test}-test", "a/b", "/a//b", "ssm-x", "/a b"])
def test_names_that_nothing_can_be_asked_by(ssm, name):
    refusal = error_of(ssm.get_parameter, Name=name)
    assert (refusal.code, refusal.message) == ("ValidationException", SUB_PATHS)


def test_sizes_of_values(ssm):
    put(ssm, "/size", "x" * 4096)
    refusal = error_of(put, ssm, "/larger", "x" * 4097)
    assert refusal.code == "ValidationException"
    assert refusal.message.startswith("Standard tier parameters support a maximum parameter value of 4096 characters.")
    assert put(ssm, "/larger", "x" * 8192, Tier="Intelligent-Tiering")["Tier"] == "Advanced"
    refusal = error_of(put, ssm, "/largest", "x" * 8193, Tier="Advanced")
    assert refusal.message == "Advanced-tier parameters support a maximum parameter value of 8192 characters."


def test_sizes_are_configuration(make_server):
    ssm = make_server(limits={"parameter_standard_characters": 100_000}).client()
    put(ssm, "/size", "x" * 100_000)
    assert error_of(put, ssm, "/larger", "x" * 100_001).code == "ValidationException"


def test_there_is_no_way_back_from_the_advanced_tier(ssm):
    put(ssm, "/advanced", Tier="Advanced")
    refusal = error_of(put, ssm, "/advanced", Tier="Standard", Overwrite=True)
    assert refusal.code == "ValidationException"
    assert refusal.message.startswith("This parameter uses the advanced-parameter tier. You can't downgrade a parameter")
    assert put(ssm, "/advanced", Overwrite=True)["Tier"] == "Advanced"


def test_so_many_parameters(make_server):
    ssm = make_server(limits={"standard_parameters": 2}).client()
    put(ssm, "/1")
    put(ssm, "/2")
    refusal = error_of(put, ssm, "/3")
    assert refusal.code == "ParameterLimitExceeded"
    assert "maximum number of standard parameters for this AWS account and Region (2)" in refusal.message
    assert put(ssm, "/3", Tier="Intelligent-Tiering")["Tier"] == "Advanced"


@pytest.mark.parametrize(
    ("more", "code", "text"),
    [
        ({"Value": "{{ssm:x}}"}, "ValidationException", "can't nest another parameter"),
        ({"Value": "a,,b", "Type": "StringList"}, "ValidationException", "empty items"),
        ({"Value": "a,", "Type": "StringList"}, "ValidationException", "empty items"),
        ({"Type": "Text"}, "ValidationException", "Member must satisfy enum value set"),
        ({"Type": None}, "ValidationException", "A parameter type is required when you create a parameter."),
        ({"Value": ""}, "ValidationException", "Value '' at 'value'"),
        ({"DataType": "Text"}, "ValidationException", "(Data type names are all lowercase.)"),
        ({"DataType": "aws:ec2:image"}, "ValidationException", "aws:ec2:image"),
        (
            {"DataType": "aws:ec2:image", "Value": "ami-12345678", "Type": "StringList"},
            "ValidationException",
            "The aws:ec2:image data type is not supported for the following input type: StringList",
        ),
        ({"DataType": "integer"}, "ValidationException", "integer"),
        ({"AllowedPattern": "("}, "InvalidAllowedPatternException", "The syntax of the allowedPattern parameter is invalid."),
        (
            {"AllowedPattern": r"\d{1,4}", "Value": "10,000"},
            "ParameterPatternMismatchException",
            r"Parameter value, cannot be validated against allowedPattern: \d{1,4}",
        ),
        ({"Tags": [{"Key": "a", "Value": "b"}], "Overwrite": True}, "ValidationException", "tags and overwrite"),
    ],
)
def test_parameters_that_cannot_be(careless_ssm, more, code, text):
    given = {name: given for name, given in {"Type": "String", **more}.items() if given is not None}
    refusal = error_of(careless_ssm.put_parameter, **{"Name": "/never", "Value": "v", **given})
    assert refusal.code == code
    assert text in refusal.message
    assert error_of(careless_ssm.get_parameter, Name="/never").code == "ParameterNotFound"


@pytest.mark.parametrize(
    ("given", "data_type"), [("ami-0123456789abcdef0", "aws:ec2:image"), ("true", "boolean"), ("any", "text")]
)
def test_data_types(ssm, given, data_type):
    put(ssm, f"/typed/{given}", given, DataType=data_type)
    assert ssm.get_parameter(Name=f"/typed/{given}")["Parameter"]["DataType"] == data_type


def test_patterns_with_look_around(ssm):
    strong = r"(?=.*[A-Z])(?=.*\d).{8,}"
    put(ssm, "/pattern", "Passw0rdX", AllowedPattern=strong)
    refusal = error_of(put, ssm, "/pattern", "password1", Overwrite=True)
    assert refusal.code == "ParameterPatternMismatchException"


def test_a_catastrophic_pattern_does_not_hang_the_server(ssm):
    put(ssm, "/alive")
    evil = {"AllowedPattern": r"(?=(a+)+$)(a|aa)+", "Value": "a" * 4000 + "!"}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        started = time.monotonic()
        attacks = [pool.submit(error_of, ssm.put_parameter, Name="/evil", Type="String", **evil) for _ in range(8)]
        assert value(ssm, "/alive") == "v"
        refusals = {attack.result().code for attack in attacks}
    assert refusals == {"ParameterPatternMismatchException"}
    assert time.monotonic() - started < 30


# The CLI


def test_the_cli(aws):
    made = aws("ssm", "put-parameter", "--name", "/cli/x", "--type", "SecureString", "--value", "hunter2")
    assert made == {"Version": 1, "Tier": "Standard"}
    found = aws("ssm", "get-parameters-by-path", "--path", "/cli", "--with-decryption", "--recursive")
    assert [(one["Name"], one["Value"]) for one in found["Parameters"]] == [("/cli/x", "hunter2")]
    found = aws("ssm", "get-parameter", "--name", "/cli/x:1", "--with-decryption")["Parameter"]
    assert (found["Value"], found["Selector"]) == ("hunter2", ":1")
    aws("ssm", "delete-parameter", "--name", "/cli/x")
    gone = aws.run("ssm", "get-parameter", "--name", "/cli/x")
    assert gone.returncode != 0 and "(ParameterNotFound)" in gone.stderr
