//! AWS's words for a denial. Not for: the reason, which the `policy` crate words.

use crate::{
    context::RequestContext,
    error::{ACCESS_DENIED, ApiError},
};
use muster_service_model::ErrorSchema;
use muster_sns_api::errors::AUTHORIZATION_ERROR_EXCEPTION;
use std::borrow::Cow;

/// `User: … is not authorized to perform: … on resource: …` and the reason, which is the rest of the sentence.
pub(crate) fn denial(context: &RequestContext, action: &str, resource: &str, reason: &str) -> ApiError {
    let caller = context.principal.arn();
    let service = action.split_once(':').map_or("", |(service, _)| service);
    let (action, reason) = spelled(action, reason);
    let on = match (resource, service) {
        // CloudTrail names no resource where it has none, services of the whole account name all of them, and the
        // others their own namespace.
        ("*", "cloudtrail") => String::new(),
        ("*", "iam" | "sts" | "kms") => " on resource: *".to_owned(),
        ("*", service) => format!(" on resource: {}", crate::arn::of(service, &context.tenant, "*")),
        (named, "iam") if action != "iam:PassRole" => format!(" on resource: {}", iam_name(context, named)),
        (named, _) => format!(" on resource: {named}"),
    };
    let text = format!("User: {caller} is not authorized to perform: {action}{on} {reason}");
    ApiError::new(code(context), text)
}

/// IAM names what is there by its kind and name (`user ann`, `role r`, `policy ARN`), and by its ARN what is to be made,
/// listed or passed on.
fn iam_name<'a>(context: &RequestContext, arn: &'a str) -> Cow<'a, str> {
    let operation = context.operation;
    let by_arn = matches!(
        operation.name,
        "CreateUser"
            | "CreateGroup"
            | "CreateRole"
            | "CreateInstanceProfile"
            | "ListUsers"
            | "ListGroups"
            | "ListRoles"
            | "ListInstanceProfiles"
    );
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let Some((kind, rest)) = resource.split_once('/') else { return arn.into() };
    let name = rest.rsplit('/').next().unwrap_or(rest);
    match kind {
        _ if operation.service != "iam" || by_arn => arn.into(),
        "user" | "group" | "role" => format!("{kind} {name}").into(),
        "instance-profile" => format!("instance profile {name}").into(),
        "policy" if operation.name == "ListPolicies" => format!("policy path /{rest}").into(),
        "policy" if operation.name == "CreatePolicy" => format!("policy {name}").into(),
        "policy" => format!("policy {arn}").into(),
        _ => arn.into(),
    }
}

/// The error of the service that was called, whichever action it is about.
fn code(context: &RequestContext) -> &'static ErrorSchema {
    match context.operation.service {
        "sns" => &AUTHORIZATION_ERROR_EXCEPTION,
        _ => &ACCESS_DENIED,
    }
}

/// SNS writes its name in capitals.
fn spelled<'a>(action: &'a str, reason: &'a str) -> (Cow<'a, str>, Cow<'a, str>) {
    match action.strip_prefix("sns:") {
        Some(name) => (format!("SNS:{name}").into(), reason.replace(action, &format!("SNS:{name}")).into()),
        None => (action.into(), reason.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, on_each_bench};
    use muster_iam_api::{CreatePolicy, CreateUser, GetRole, ListPolicies};
    use muster_service_model::Operation;

    fn text<O: Operation>(bench: &Bench, resource: &str) -> String {
        let context = bench.root("r").context(O::SCHEMA);
        let action = format!("iam:{}", O::SCHEMA.name);
        let text = denial(&context, &action, resource, "because").message;
        text.split_once(" on resource: ").map(|(_, on)| on.to_owned()).unwrap()
    }

    #[tokio::test]
    async fn iam_names_what_is_there_by_its_kind() {
        on_each_bench(|bench| async move {
            let arn = |resource: &str| format!("arn:aws:iam::123456789012:{resource}");
            let role = arn("role/a/b/r");
            assert_eq!(text::<GetRole>(&bench, &role), "role r because");
            assert_eq!(text::<GetRole>(&bench, &arn("instance-profile/p")), "instance profile p because");
            assert_eq!(text::<CreateUser>(&bench, &arn("user/x/u")), arn("user/x/u because"));
            assert_eq!(text::<ListPolicies>(&bench, &arn("policy/")), "policy path / because");
            assert_eq!(text::<CreatePolicy>(&bench, &arn("policy/x/p")), "policy p because");
            assert_eq!(
                text::<GetRole>(&bench, &arn("policy/x/p")),
                format!("policy {} because", arn("policy/x/p"))
            );
            assert_eq!(text::<GetRole>(&bench, &arn("root")), arn("root because"));
            assert_eq!(text::<GetRole>(&bench, "*"), "* because");
            assert_eq!(text::<muster_ssm_api::CreateActivation>(&bench, &role), arn("role/a/b/r because"));
        })
        .await;
    }
}
