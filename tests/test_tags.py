"""Tags on resources: added, listed, removed, and refused when they are too many or of no resource."""

import pytest

from support.clients import error_of

RESOURCE = {"ResourceType": "ManagedInstance"}


@pytest.fixture
def node(server, make_agent):
    return make_agent(server, start=False).node


def tags(ssm, node):
    listed = ssm.list_tags_for_resource(**RESOURCE, ResourceId=node)["TagList"]
    return {tag["Key"]: tag["Value"] for tag in listed}


def add(ssm, node, **pairs):
    ssm.add_tags_to_resource(
        **RESOURCE, ResourceId=node, Tags=[{"Key": key, "Value": value} for key, value in pairs.items()]
    )


def test_tags_are_added_replaced_and_removed(ssm, node):
    assert tags(ssm, node) == {}
    add(ssm, node, env="prod", empty="")
    add(ssm, node, env="test", owner="ünï/cødé:@+=-_. 1")
    assert tags(ssm, node) == {"env": "test", "empty": "", "owner": "ünï/cødé:@+=-_. 1"}
    ssm.remove_tags_from_resource(**RESOURCE, ResourceId=node, TagKeys=["env", "never-there"])
    assert tags(ssm, node) == {"empty": "", "owner": "ünï/cødé:@+=-_. 1"}


def test_keys_are_case_sensitive(ssm, node):
    add(ssm, node, Env="1", env="2")
    assert tags(ssm, node) == {"Env": "1", "env": "2"}


def test_a_resource_has_at_most_fifty(ssm, node):
    add(ssm, node, **{f"k{n}": "v" for n in range(50)})
    refusal = error_of(
        ssm.add_tags_to_resource, **RESOURCE, ResourceId=node, Tags=[{"Key": "one", "Value": "more"}]
    )
    assert refusal.code == "TooManyTagsError"
    assert len(tags(ssm, node)) == 50
    # Replacing one is no addition.
    add(ssm, node, k0="new")
    assert tags(ssm, node)["k0"] == "new"


@pytest.mark.parametrize("key", ["aws:owner", "AWS:owner"])
def test_the_prefix_aws_is_reserved(ssm, node, key):
    assert error_of(ssm.add_tags_to_resource, **RESOURCE, ResourceId=node, Tags=[{"Key": key, "Value": "x"}]).code in (
        "ValidationException",
        "InvalidParameters",
    )


def test_a_resource_that_does_not_exist(ssm):
    unknown = "mi-0123456789abcdef0"
    for call, more in [
        (ssm.list_tags_for_resource, {}),
        (ssm.add_tags_to_resource, {"Tags": [{"Key": "a", "Value": "b"}]}),
        (ssm.remove_tags_from_resource, {"TagKeys": ["a"]}),
    ]:
        assert error_of(call, **RESOURCE, ResourceId=unknown, **more).code == "InvalidResourceId"


def test_an_id_of_another_form(ssm):
    refusal = error_of(ssm.list_tags_for_resource, **RESOURCE, ResourceId="i-0123456789abcdef0")
    assert refusal.code == "ValidationException"
    assert "mi-[0-9a-f]{17}" in refusal.message


def test_characters_that_a_tag_cannot_have(careless_ssm, node):
    refusal = error_of(
        careless_ssm.add_tags_to_resource, **RESOURCE, ResourceId=node, Tags=[{"Key": "a*b", "Value": "x"}]
    )
    assert refusal.code == "ValidationException"


def test_tags_go_with_their_node(ssm, node):
    add(ssm, node, env="prod")
    ssm.deregister_managed_instance(InstanceId=node)
    assert error_of(ssm.list_tags_for_resource, **RESOURCE, ResourceId=node).code == "InvalidResourceId"


def test_the_cli_does_it_too(aws, node):
    where = ("--resource-type", "ManagedInstance", "--resource-id", node)
    aws("ssm", "add-tags-to-resource", *where, "--tags", "Key=env,Value=prod")
    assert aws("ssm", "list-tags-for-resource", *where)["TagList"] == [{"Key": "env", "Value": "prod"}]
    aws("ssm", "remove-tags-from-resource", *where, "--tag-keys", "env")
    assert aws("ssm", "list-tags-for-resource", *where)["TagList"] == []
