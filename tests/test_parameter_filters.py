"""DescribeParameters: every filter, every form of paging, and tags of parameters."""

import pytest

from support.clients import error_of

NAMES = ["/app/prod/db", "/app/prod/key", "/app/test/db", "/app/test/deep/er", "other", "/apple"]


@pytest.fixture(scope="module")
def tree(ssm):
    """Parameters of all kinds."""
    kinds = {"/app/prod/key": {"Type": "SecureString"}, "/app/test/db": {"Type": "StringList"}}
    kinds |= {"/apple": {"Tier": "Advanced"}, "/app/test/deep/er": {"DataType": "aws:ec2:image", "Value": "ami-12345678"}}
    for name in NAMES:
        env = name.split("/")[2] if name.startswith("/app/") else "none"
        tags = [{"Key": "env", "Value": env}] + ([{"Key": "team", "Value": "a:b c"}] if name == "other" else [])
        ssm.put_parameter(**{"Name": name, "Value": "v", "Type": "String", "Tags": tags} | kinds.get(name, {}))


def described(ssm, *filters, **more):
    filters = [dict(zip(("Key", "Option", "Values"), each)) for each in filters]
    filters = [{key: value for key, value in each.items() if value is not None} for each in filters]
    return {each["Name"] for each in pages(ssm, ParameterFilters=filters, **more)}


def pages(ssm, **more):
    found = []
    for page in ssm.get_paginator("describe_parameters").paginate(**more):
        found += page["Parameters"]
    return found


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([("Name", "Equals", ["/app/prod/db", "/none"])], {"/app/prod/db"}),
        ([("Name", None, ["/other"])], {"other"}),
        ([("Name", "BeginsWith", ["/app"])], {*NAMES[:4], "/apple"}),
        ([("Name", "BeginsWith", ["oth", "/app/prod"])], {"other", *NAMES[:2]}),
        ([("Name", "Contains", ["db"])], {"/app/prod/db", "/app/test/db"}),
        ([("Name", "Contains", ["_", "%"])], set()),
        ([("Path", None, ["/app/prod"])], {"/app/prod/db", "/app/prod/key"}),
        ([("Path", "OneLevel", ["/app"])], set()),
        ([("Path", "OneLevel", ["/"])], {"other", "/apple"}),
        ([("Path", "Recursive", ["/app"])], set(NAMES[:4])),
        ([("Path", "Recursive", ["/app/"])], set(NAMES[:4])),
        ([("Path", "Recursive", ["/app/prod", "/app/test/deep"])], {*NAMES[:2], "/app/test/deep/er"}),
        ([("Type", None, ["SecureString"])], {"/app/prod/key"}),
        ([("Type", "BeginsWith", ["String"])], set(NAMES) - {"/app/prod/key"}),
        ([("KeyId", None, ["alias/aws/ssm"])], {"/app/prod/key"}),
        ([("KeyId", "BeginsWith", ["alias/"])], {"/app/prod/key"}),
        ([("Tier", None, ["Advanced"])], {"/apple"}),
        ([("DataType", None, ["aws:ec2:image"])], {"/app/test/deep/er"}),
        ([("tag:env", None, ["prod"])], {"/app/prod/db", "/app/prod/key"}),
        ([("tag:env", "Equals", ["prod", "none"])], {*NAMES[:2], "other", "/apple"}),
        ([("tag:env", "BeginsWith", ["pr", "te"])], set(NAMES[:4])),
        ([("tag:team", None, None)], {"other"}),
        ([("tag:team", None, ["a:b c"])], {"other"}),
        ([("tag:none", None, None)], set()),
        ([("Path", "Recursive", ["/app"]), ("tag:env", None, ["test"]), ("Type", None, ["StringList"])], {"/app/test/db"}),
    ],
)
def test_filters_narrow_the_list(ssm, tree, filters, expected):
    assert described(ssm, *filters) == expected
    # Filters come before pages, so none of them is short.
    assert described(ssm, *filters, PaginationConfig={"PageSize": 1}) == expected


@pytest.mark.parametrize("size", [1, 2, 5, 6, 50])
def test_pages_hold_everything_once(ssm, tree, size):
    token, found, lengths = {}, [], []
    while True:
        page = ssm.describe_parameters(MaxResults=size, **token)
        found += [each["Name"] for each in page["Parameters"]]
        lengths.append(len(page["Parameters"]))
        if not page.get("NextToken"):
            break
        token = {"NextToken": page["NextToken"]}
    assert sorted(found) == sorted(NAMES)
    assert all(length == size for length in lengths[:-1])


@pytest.mark.parametrize(
    ("key", "values", "expected"),
    [
        ("Name", ["/app/prod"], {"/app/prod/db", "/app/prod/key"}),
        ("Type", ["StringList"], {"/app/test/db"}),
        ("KeyId", ["alias/aws/ssm"], {"/app/prod/key"}),
    ],
)
def test_the_older_filters(ssm, tree, key, values, expected):
    found = pages(ssm, Filters=[{"Key": key, "Values": values}])
    assert {each["Name"] for each in found} == expected


@pytest.mark.parametrize(
    ("filters", "code", "text"),
    [
        ([{"Key": "Label", "Values": ["x"]}], "InvalidFilterKey", "The following filter key is not valid: Label."),
        ([{"Key": "tag:", "Values": ["x"]}], "ValidationException", "1 validation error detected: Value 'tag:'"),
        ([{"Key": "Nothing", "Values": ["x"]}], "ValidationException", "1 validation error detected: Value 'Nothing'"),
        ([{"Key": "Type", "Values": ["String"]}] * 2, "InvalidFilterKey", "The following filter is duplicated in the request"),
        ([{"Key": "Type", "Option": "Contains", "Values": ["S"]}], "InvalidFilterOption", "The following filter option is not valid: Contains."),
        ([{"Key": "Path", "Option": "Equals", "Values": ["/a"]}], "InvalidFilterOption", "The following filter option is not valid: Equals."),
        ([{"Key": "Name", "Option": "Recursive", "Values": ["/a"]}], "InvalidFilterOption", "The following filter option is not valid: Recursive."),
        ([{"Key": "tag:env", "Option": "Contains", "Values": ["p"]}], "InvalidFilterOption", "The following filter option is not valid: Contains."),
        ([{"Key": "Type", "Values": ["Strings"]}], "InvalidFilterOption", "The following filter value is not valid: Strings."),
        ([{"Key": "Tier", "Values": ["advanced"]}], "InvalidFilterOption", "The following filter value is not valid: advanced."),
        ([{"Key": "Type"}], "InvalidFilterValue", "The following filter values are missing : null for filter key Type."),
        ([{"Key": "KeyId"}], "InvalidFilterValue", "The following filter values are missing : null for filter key KeyId."),
        ([{"Key": "Path", "Values": ["app"]}], "ValidationException", "The parameter doesn't meet the parameter name requirements."),
        ([{"Key": "Path", "Values": ["/aws/x"]}], "ValidationException", "Filters for common parameters can't be prefixed"),
    ],
)
def test_filters_that_cannot_be(ssm, filters, code, text):
    refusal = error_of(ssm.describe_parameters, ParameterFilters=filters)
    assert refusal.code == code
    assert refusal.message.startswith(text)


@pytest.mark.parametrize("size", [0, 51])
def test_a_page_has_one_to_fifty(careless_ssm, size):
    assert error_of(careless_ssm.describe_parameters, MaxResults=size).code == "ValidationException"


def test_a_token_is_of_its_own_operation(ssm, tree):
    token = ssm.describe_parameters(MaxResults=1)["NextToken"]
    assert error_of(ssm.get_parameters_by_path, Path="/", NextToken=token).code == "InvalidNextToken"
    assert error_of(ssm.describe_parameters, NextToken="made up").code == "InvalidNextToken"


# Tags, as Terraform uses them

PARAMETER = {"ResourceType": "Parameter"}


def tags(ssm, name):
    return {tag["Key"]: tag["Value"] for tag in ssm.list_tags_for_resource(**PARAMETER, ResourceId=name)["TagList"]}


def test_tags_of_a_parameter(ssm):
    ssm.put_parameter(Name="tagged", Value="v", Type="String", Tags=[{"Key": "a", "Value": "1"}])
    assert tags(ssm, "tagged") == tags(ssm, "/tagged") == {"a": "1"}
    ssm.add_tags_to_resource(**PARAMETER, ResourceId="/tagged", Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}])
    assert tags(ssm, "tagged") == {"a": "2", "b": ""}
    ssm.remove_tags_from_resource(**PARAMETER, ResourceId="tagged", TagKeys=["b", "never"])
    assert tags(ssm, "tagged") == {"a": "2"}
    # They go with the parameter, and do not come back with another of its name.
    ssm.delete_parameter(Name="tagged")
    assert error_of(ssm.list_tags_for_resource, **PARAMETER, ResourceId="tagged").code == "InvalidResourceId"
    ssm.put_parameter(Name="/tagged", Value="v", Type="String")
    assert tags(ssm, "tagged") == {}
    ssm.delete_parameter(Name="tagged")


@pytest.mark.parametrize("name", ["/none", "/a b", "/aws/x", ""])
def test_tags_of_no_parameter(careless_ssm, name):
    for call, more in [
        (careless_ssm.list_tags_for_resource, {}),
        (careless_ssm.add_tags_to_resource, {"Tags": [{"Key": "a", "Value": "b"}]}),
        (careless_ssm.remove_tags_from_resource, {"TagKeys": ["a"]}),
    ]:
        assert error_of(call, **PARAMETER, ResourceId=name, **more).code == "InvalidResourceId"


def test_tags_and_overwrite_do_not_go_together(ssm):
    refusal = error_of(
        ssm.put_parameter, Name="/x", Value="v", Type="String", Overwrite=True, Tags=[{"Key": "a", "Value": "b"}]
    )
    assert refusal.code == "ValidationException"
    assert refusal.message.startswith("Invalid request: tags and overwrite can't be used together.")
