"""The register of nodes: what is known of each, filters, paging, ping status, and the newer ListNodes."""

import pytest

from support.clients import NODE_ROLE, Refusal, error_of
from support.node import register_many
from support.waiting import eventually


@pytest.fixture(scope="module")
def paper(server):
    """Twelve nodes that exist in the books alone."""
    return register_many(server, 12, IamRole=server.node_role("Paper"), Tags=[{"Key": "kind", "Value": "paper"}])


def ids(answer):
    return [node["InstanceId"] for node in answer["InstanceInformationList"]]


def filtered(ssm, **filters):
    """By the newer form of filters; `tag_env` stands for `tag:env`."""
    spelled = [{"Key": key.replace("tag_", "tag:"), "Values": values} for key, values in filters.items()]
    pages = ssm.get_paginator("describe_instance_information").paginate(Filters=spelled)
    return {node for page in pages for node in ids(page)}


def test_a_connected_node_tells_about_itself(ssm, agent):
    def described():
        (node,) = ssm.describe_instance_information(Filters=[{"Key": "InstanceIds", "Values": [agent.node]}])[
            "InstanceInformationList"
        ]
        return node if node["PingStatus"] == "Online" and node.get("ComputerName") else None

    node = eventually(described, what="the node has reported")
    assert node["PlatformType"] == "Linux"
    assert node["PlatformName"] and node["PlatformVersion"]
    assert node["IPAddress"]
    assert node["AgentVersion"].split(".")[0].isdigit()
    assert node["ResourceType"] == "ManagedInstance"
    assert node["SourceType"] == "AWS::SSM::ManagedInstance"
    assert node["SourceId"] == agent.node
    connection = ssm.get_connection_status(Target=agent.node)
    assert (connection["Target"], connection["Status"]) == (agent.node, "connected")


def test_filters(ssm, agent, paper):
    papers = set(paper)
    assert filtered(ssm, InstanceIds=[agent.node]) == {agent.node}
    assert filtered(ssm, IamRole=["Paper"]) == papers
    assert filtered(ssm, tag_kind=["paper"]) == papers
    assert filtered(ssm, tag_kind=["plastic"]) == set()
    assert filtered(ssm, **{"tag-key": ["kind"]}) == papers
    eventually(lambda: filtered(ssm, PingStatus=["Online"]) == {agent.node}, what="one node is online")
    assert filtered(ssm, InstanceIds=paper[:2] + ["mi-0123456789abcdef0"]) == set(paper[:2])
    assert filtered(ssm, InstanceIds=[agent.node], IamRole=["Paper"]) == set()
    assert filtered(ssm, PlatformTypes=["Linux", "Windows"], IamRole=[NODE_ROLE]) == {agent.node}


def test_the_older_form_of_filters(ssm, agent, paper):
    def legacy(key, *values):
        filters = [{"key": key, "valueSet": list(values)}]
        pages = ssm.get_paginator("describe_instance_information").paginate(InstanceInformationFilterList=filters)
        return {node for page in pages for node in ids(page)}

    assert legacy("InstanceIds", agent.node) == {agent.node}
    assert legacy("IamRole", "Paper") == set(paper)
    assert legacy("ResourceType", "ManagedInstance") == set(paper) | {agent.node}


def test_filters_come_before_paging(ssm, agent, paper):
    pages = list(
        ssm.get_paginator("describe_instance_information").paginate(
            Filters=[{"Key": "tag:kind", "Values": ["paper"]}], PaginationConfig={"PageSize": 5}
        )
    )
    assert [len(ids(page)) for page in pages] == [5, 5, 2]
    assert {node for page in pages for node in ids(page)} == set(paper)


def test_a_page_token_is_good_for_its_own_question_alone(ssm, paper):
    first = ssm.describe_instance_information(MaxResults=5)
    assert error_of(ssm.describe_instance_information, MaxResults=5, NextToken="x").code == "InvalidNextToken"
    again = ssm.describe_instance_information(MaxResults=5, NextToken=first["NextToken"])
    assert not set(ids(first)) & set(ids(again))


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        (
            {
                "Filters": [{"Key": "IamRole", "Values": ["a"]}],
                "InstanceInformationFilterList": [{"key": "IamRole", "valueSet": ["a"]}],
            },
            Refusal("ValidationException", "Cannot use both legacy and new filter simultaneously."),
        ),
        (
            {"Filters": [{"Key": "UnknownKey", "Values": ["a"]}]},
            Refusal("ValidationException", "UnknownKey filter Key is invalid."),
        ),
        (
            {"Filters": [{"Key": "tag:a", "Values": ["a"]}, {"Key": "IamRole", "Values": ["a"]}]},
            Refusal("ValidationException", "Cannot mix tag or inventory filter with any other filter."),
        ),
        (
            {"Filters": [{"Key": "ResourceType", "Values": ["EC2Instance", "ManagedInstance"]}]},
            Refusal("InvalidInstanceInformationFilterValue", "ResourceType filter may contain only one value."),
        ),
    ],
)
def test_filters_that_cannot_be(ssm, parameters, refusal):
    assert error_of(ssm.describe_instance_information, **parameters) == refusal


def test_properties(ssm, agent, paper):
    answer = ssm.describe_instance_properties(
        FiltersWithOperator=[{"Key": "InstanceIds", "Values": [agent.node], "Operator": "Equal"}]
    )
    (node,) = answer["InstanceProperties"]
    assert node["InstanceId"] == agent.node and node["PlatformType"] == "Linux"
    pages = ssm.get_paginator("describe_instance_properties").paginate(
        InstancePropertyFilterList=[{"key": "IamRole", "valueSet": ["Paper"]}], PaginationConfig={"PageSize": 5}
    )
    found = [node["InstanceId"] for page in pages for node in page["InstanceProperties"]]
    assert sorted(found) == sorted(paper)


def test_an_unknown_node_is_not_connected(ssm):
    answer = ssm.get_connection_status(Target="mi-0123456789abcdef0")
    assert (answer["Target"], answer["Status"]) == ("mi-0123456789abcdef0", "notconnected")


def test_a_node_that_falls_silent_is_lost(make_server, make_agent):
    """Its connection is down at once; its ping status follows when the time is over, and comes back with it."""
    server = make_server(limits={"ping_timeout_ms": 1500})
    ssm = server.client()
    agent = make_agent(server)

    def ping():
        return ssm.describe_instance_information()["InstanceInformationList"][0]["PingStatus"]

    eventually(lambda: ping() == "Online", what="the node is online")
    agent.kill()
    eventually(lambda: not agent.connected(), what="the connection is down")
    eventually(lambda: ping() == "ConnectionLost", what="the node is lost")
    agent.start()
    eventually(lambda: ping() == "Online", what="the node is back")


def test_list_nodes(ssm, agent, paper):
    pages = list(ssm.get_paginator("list_nodes").paginate(PaginationConfig={"PageSize": 5}))
    assert all(len(page["Nodes"]) <= 5 for page in pages)
    nodes = {node["Id"]: node for page in pages for node in page["Nodes"]}
    assert set(nodes) >= {agent.node} | set(paper)
    node = nodes[agent.node]
    assert node["Owner"]["AccountId"] == "000000000000"
    assert node["Region"] == "us-east-1"
    instance = node["NodeType"]["Instance"]
    assert instance["PlatformType"] == "Linux" and instance["ManagedStatus"] == "Managed"
    one = ssm.list_nodes(Filters=[{"Key": "InstanceId", "Values": [agent.node], "Type": "Equal"}])["Nodes"]
    assert [node["Id"] for node in one] == [agent.node]


def test_nodes_are_counted_by_what_they_have_in_common(ssm, agent, paper):
    answer = ssm.list_nodes_summary(
        Aggregators=[{"AggregatorType": "Count", "TypeName": "Instance", "AttributeName": "ResourceType"}]
    )
    total = sum(int(row["Count"]) for row in answer["Summary"])
    assert total == len(ssm.list_nodes(MaxResults=50)["Nodes"])


def test_the_cli_lists_nodes(aws, agent):
    listed = aws("ssm", "describe-instance-information", "--filters", f"Key=InstanceIds,Values={agent.node}")
    assert [node["InstanceId"] for node in listed["InstanceInformationList"]] == [agent.node]
