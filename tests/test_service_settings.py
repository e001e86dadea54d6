"""Service settings: their defaults, who changed them, and the default tier of new parameters."""

import pytest

from support.clients import REGION, error_of
from support.identities import account, allow, user

ACCOUNT = "000000000000"
TIER = "/ssm/parameter-store/default-parameter-tier"
ROLE = "/ssm/managed-instance/default-ec2-instance-management-role"


def arn(setting, region=REGION, owner=ACCOUNT):
    return f"arn:aws:ssm:{region}:{owner}:servicesetting{setting}"


def setting(ssm, name):
    return ssm.get_service_setting(SettingId=name)["ServiceSetting"]


@pytest.mark.parametrize(
    ("name", "default", "other"),
    [
        (TIER, "Standard", "Intelligent-Tiering"),
        ("/ssm/parameter-store/high-throughput-enabled", "false", "true"),
        ("/ssm/managed-instance/activation-tier", "standard", "advanced"),
        (ROLE, "$None", "service-role/AmazonEC2RunCommandRoleForManagedInstances"),
        ("/ssm/documents/console/public-sharing-permission", "Enable", "Disable"),
        ("/ssm/automation/customer-script-log-destination", "None", "CloudWatch"),
        ("/ssm/automation/customer-script-log-group-name", "/aws/ssm/automation/executeScript", "/my/group"),
        ("/ssm/automation/enable-adaptive-concurrency", "False", "True"),
        ("/ssm/appmanager/appmanager-enabled", "False", "True"),
        ("/ssm/opsinsights/opscenter", "Disabled", "Enabled"),
    ],
)
def test_every_setting_has_a_default_and_can_be_changed(ssm, name, default, other):
    found = setting(ssm, name)
    assert found.pop("LastModifiedDate")
    assert found == {
        "SettingId": name,
        "SettingValue": default,
        "LastModifiedUser": "System",
        "ARN": arn(name),
        "Status": "Default",
    }
    ssm.update_service_setting(SettingId=arn(name), SettingValue=other)
    found = setting(ssm, arn(name))
    assert (found["SettingValue"], found["Status"]) == (other, "Customized")
    assert found["LastModifiedUser"] == f"arn:aws:iam::{ACCOUNT}:root"
    reset = ssm.reset_service_setting(SettingId=name)["ServiceSetting"]
    assert (reset["SettingValue"], reset["Status"]) == (default, "Default")
    assert setting(ssm, name) == reset
    refusal = error_of(ssm.update_service_setting, SettingId=name, SettingValue="not a value!")
    assert refusal.code == "ValidationException"


@pytest.mark.parametrize("name", ["/ssm/none", "x", arn(TIER, region="eu-west-1"), arn(TIER, owner="111111111111")])
def test_a_setting_that_is_not_there(ssm, name):
    assert error_of(ssm.get_service_setting, SettingId=name).code == "ServiceSettingNotFound"
    assert error_of(ssm.update_service_setting, SettingId=name, SettingValue="x").code == "ServiceSettingNotFound"
    assert error_of(ssm.reset_service_setting, SettingId=name).code == "ServiceSettingNotFound"


def test_settings_are_of_one_account_and_region_and_last(make_server):
    server = make_server()
    server.client().update_service_setting(SettingId=TIER, SettingValue="Advanced")
    server.kill()
    server.start()
    assert setting(server.client(), TIER)["SettingValue"] == "Advanced"
    assert setting(server.client(region="eu-west-1"), TIER)["SettingValue"] == "Standard"
    _, keys = account(server)
    assert setting(server.client(keys=keys), TIER)["SettingValue"] == "Standard"


def test_new_parameters_get_the_default_tier(make_server):
    ssm = make_server().client()

    def tier(name, **more):
        return ssm.put_parameter(**{"Name": name, "Value": "v", "Type": "String", **more})["Tier"]

    assert tier("/standard") == "Standard"
    ssm.update_service_setting(SettingId=TIER, SettingValue="Advanced")
    assert tier("/advanced") == "Advanced"
    assert tier("/said", Tier="Standard") == "Standard"
    ssm.update_service_setting(SettingId=TIER, SettingValue="Intelligent-Tiering")
    assert tier("/small") == "Standard"
    assert tier("/large", Value="x" * 4097) == "Advanced"


def test_who_may(server):
    mine = arn(TIER)
    reader = server.client(keys=user(server, allow("ssm:GetServiceSetting", mine)))
    setting(reader, TIER)
    refusal = error_of(reader.update_service_setting, SettingId=TIER, SettingValue="Advanced")
    assert refusal.code == "AccessDeniedException"
    assert f"ssm:UpdateServiceSetting on resource: {mine}" in refusal.message
    assert error_of(reader.get_service_setting, SettingId=ROLE).code == "AccessDeniedException"


def test_a_role_must_be_passed(server):
    role = "service-role/AmazonEC2RunCommandRoleForManagedInstances"
    limited = server.client(keys=user(server, allow("ssm:*ServiceSetting")))
    refusal = error_of(limited.update_service_setting, SettingId=ROLE, SettingValue=role)
    assert refusal.code == "AccessDeniedException" and "iam:PassRole" in refusal.message
    passing = user(server, allow("ssm:*ServiceSetting"), allow("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{role}"))
    server.client(keys=passing).update_service_setting(SettingId=ROLE, SettingValue=role)
    server.client().reset_service_setting(SettingId=ROLE)
