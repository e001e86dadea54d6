"""Who may do what with parameters: each operation by its own action, on the parameter or the path that it names."""

import pytest

from support.clients import REGION, error_of
from support.identities import account, allow, assume, deny, role, trust, user

OWN = "000000000000"


def arn(name):
    return f"arn:aws:ssm:{REGION}:{OWN}:parameter/{name.lstrip('/')}"


@pytest.fixture(scope="module", autouse=True)
def parameters(ssm):
    for name in ("/app/a", "/app/b", "/app/sub/c", "/other", "flat"):
        ssm.put_parameter(Name=name, Value="v", Type="String")


def client(server, *statements):
    return server.client(keys=user(server, *statements))


def denied(call, *arguments, **parameters):
    refusal = error_of(call, *arguments, **parameters)
    assert refusal.code == "AccessDeniedException", refusal
    return refusal.message


def test_each_operation_has_its_own_action(server):
    one = client(server, allow("ssm:GetParameter", arn("/app/*")))
    one.get_parameter(Name="/app/a")
    one.get_parameter(Name="/app/a:1")
    one.get_parameter(Name=arn("/app/a"))
    message = denied(one.get_parameter, Name="/other")
    assert f"is not authorized to perform: ssm:GetParameter on resource: {arn('/other')} because" in message
    for call, more in [
        (one.get_parameters, {"Names": ["/app/a"]}),
        (one.get_parameter_history, {"Name": "/app/a"}),
        (one.get_parameters_by_path, {"Path": "/app"}),
        (one.put_parameter, {"Name": "/app/a", "Value": "v", "Overwrite": True}),
        (one.delete_parameter, {"Name": "/app/a"}),
        (one.delete_parameters, {"Names": ["/app/a"]}),
        (one.label_parameter_version, {"Name": "/app/a", "Labels": ["l"]}),
        (one.unlabel_parameter_version, {"Name": "/app/a", "ParameterVersion": 1, "Labels": ["l"]}),
        (one.describe_parameters, {}),
    ]:
        denied(call, **more)


def test_a_parameter_that_is_not_there_needs_the_permission_too(server):
    one = client(server, allow("ssm:GetParameter", arn("/app/*")))
    assert error_of(one.get_parameter, Name="/app/none").code == "ParameterNotFound"
    denied(one.get_parameter, Name="/none")


def test_names_with_and_without_a_slash_are_one_resource(server):
    one = client(server, allow("ssm:GetParameter", arn("flat")))
    one.get_parameter(Name="flat")
    one.get_parameter(Name="/flat")


def test_of_several_each_must_be_allowed(server):
    some = client(server, allow("ssm:GetParameters", arn("/app/*")), deny("ssm:GetParameters", arn("/app/b")))
    assert len(some.get_parameters(Names=["/app/a", "/app/sub/c"])["Parameters"]) == 2
    assert arn("/other") in denied(some.get_parameters, Names=["/app/a", "/other"])
    assert "explicit deny" in denied(some.get_parameters, Names=["/app/a", "/app/b"])


def test_a_path_is_asked_for_not_what_is_below(server):
    walker = client(
        server, allow("ssm:GetParametersByPath", arn("/app*")), deny("ssm:*", [arn("/app/b"), arn("/app/sub/c")])
    )
    found = walker.get_parameters_by_path(Path="/app", Recursive=True)["Parameters"]
    assert [one["Name"] for one in found] == ["/app/a", "/app/b", "/app/sub/c"]
    walker.get_parameters_by_path(Path="/app/")
    assert arn("") in denied(walker.get_parameters_by_path, Path="/")


def test_all_levels_are_a_condition(server):
    condition = {"StringEquals": {"ssm:Recursive": ["true"]}}
    flat = client(
        server, allow("ssm:GetParametersByPath"), deny("ssm:GetParametersByPath", Condition=condition)
    )
    assert len(flat.get_parameters_by_path(Path="/app")["Parameters"]) == 2
    denied(flat.get_parameters_by_path, Path="/app", Recursive=True)


def test_to_change_what_exists_is_a_condition(server):
    condition = {"StringEquals": {"ssm:Overwrite": ["true"]}}
    maker = client(server, allow("ssm:PutParameter"), deny("ssm:PutParameter", Condition=condition))
    maker.put_parameter(Name="/made", Value="v", Type="String")
    denied(maker.put_parameter, Name="/made", Value="w", Overwrite=True)


def test_tags_of_a_parameter_and_of_a_call(server, ssm):
    tagged = {"Name": "/tagged/a", "Value": "v", "Type": "String", "Tags": [{"Key": "team", "Value": "a"}]}
    ssm.put_parameter(**tagged)
    member = client(
        server,
        allow("ssm:GetParameter", Condition={"StringEquals": {"aws:ResourceTag/team": "a"}}),
        allow("ssm:PutParameter", Condition={"StringEquals": {"aws:RequestTag/team": "a"}}),
        allow("ssm:AddTagsToResource", arn("/tagged/*")),
    )
    member.get_parameter(Name="/tagged/a")
    denied(member.get_parameter, Name="/other")
    member.put_parameter(**tagged | {"Name": "/tagged/b"})
    denied(member.put_parameter, **tagged | {"Name": "/tagged/c", "Tags": [{"Key": "team", "Value": "b"}]})
    # A parameter with tags takes the permission to tag as well.
    assert "ssm:AddTagsToResource" in denied(member.put_parameter, **tagged | {"Name": "/elsewhere"})


def test_the_writer_is_remembered(server, ssm):
    who = role(server, [trust({"AWS": OWN})], allow("ssm:PutParameter"), name="Writer")
    session = assume(server, user(server, allow("sts:AssumeRole")), who, RoleSessionName="night")
    server.client(keys=session).put_parameter(Name="/written", Value="v", Type="String")
    found = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": ["/written"]}])["Parameters"][0]
    assert found["LastModifiedUser"] == f"arn:aws:sts::{OWN}:assumed-role/Writer/night"


def test_another_account_sees_nothing(server):
    _, root = account(server)
    other = server.client(keys=root)
    assert error_of(other.get_parameter, Name="/app/a").code == "ParameterNotFound"
    denied(other.get_parameter, Name=arn("/app/a"))
    denied(other.get_parameters, Names=[arn("/app/a")])
    denied(other.get_parameter_history, Name=arn("/app/a"))
    assert other.get_parameters(Names=["/app/a"])["InvalidParameters"] == ["/app/a"]
    assert other.get_parameters_by_path(Path="/", Recursive=True)["Parameters"] == []
    assert other.describe_parameters()["Parameters"] == []
    other.put_parameter(Name="/app/a", Value="theirs", Type="String")
    assert server.client().get_parameter(Name="/app/a")["Parameter"]["Value"] == "v"
    other.delete_parameters(Names=["/app/a", "/app/b"])
    assert server.client().get_parameter(Name="/app/b")["Parameter"]["Value"] == "v"
