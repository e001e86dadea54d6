"""Sending commands and waiting for what comes of them, as a script with boto3 does it."""

from support.waiting import eventually

FINAL = {"Success", "Failed", "Cancelled", "TimedOut"}


def shell(ssm, nodes, *lines, **more):
    """Sends AWS-RunShellScript; the command as the API answered it. `parameters` adds to the document's."""
    parameters = {"commands": list(lines)} | more.pop("parameters", {})
    where = {"InstanceIds": nodes if isinstance(nodes, list) else [nodes]} if nodes else {}
    return ssm.send_command(
        DocumentName="AWS-RunShellScript", Parameters=parameters, **where, **more
    )["Command"]


def invocation(ssm, command, node):
    return ssm.get_command_invocation(CommandId=command["CommandId"], InstanceId=node)


def finished(ssm, command, node, *, within=30):
    """Waits for the result on a node."""

    def done():
        found = invocation(ssm, command, node)
        return found if found["Status"] in FINAL else None

    return eventually(done, within=within, what="the command has ended on the node")


def run_shell(ssm, node, *lines, within=30, **more):
    """Sends and waits."""
    return finished(ssm, shell(ssm, node, *lines, **more), node, within=within)


def command_state(ssm, command):
    """The command as a whole, as ListCommands tells it."""
    return ssm.list_commands(CommandId=command["CommandId"])["Commands"][0]


def command_finished(ssm, command, *, within=30):
    def done():
        found = command_state(ssm, command)
        return found if found["Status"] in FINAL else None

    return eventually(done, within=within, what="the command has ended on all nodes")


def wait_status(ssm, command, node, status, *, within=20):
    def reached():
        found = invocation(ssm, command, node)
        return found if found["Status"] == status else None

    return eventually(reached, within=within, what=f"the command is {status} on the node")
