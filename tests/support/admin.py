"""Muster's own administration, by requests that botocore signs."""

import dataclasses

from support.clients import REGION, json_request, send, sign


@dataclasses.dataclass(frozen=True)
class AdminError(Exception):
    code: str
    message: str


class Admin:
    """Calls operations of the service `muster`; fails with `AdminError`."""

    def __init__(self, server, *, keys=None, region=REGION):
        self.server = server
        self.keys = keys or server.root
        self.region = region

    def __call__(self, operation, **members):
        request = json_request(self.server.url, operation, members, target_prefix="Muster_20261120")
        answer = send(sign(request, self.keys, service="muster", region=self.region), ca=self.server.ca)
        if answer.status != 200:
            raise AdminError(answer.code.split("#")[-1], answer.message)
        return answer.json()

    def refusal(self, operation, **members):
        try:
            answer = self(operation, **members)
        except AdminError as error:
            return error
        raise AssertionError(f"{operation} was not refused; it answered {answer}")
