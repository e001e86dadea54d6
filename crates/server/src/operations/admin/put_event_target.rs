//! `PutEventTarget`: sends the events of this account and region to a webhook or a topic; replaces the target of the
//! name. Nobody sends more than it may see: a topic needs the permission to publish to it.

use crate::{
    ControlPlane,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::{event::pattern::Pattern, sns::arn},
    error::ApiError,
    notify::SECRET_PURPOSE,
};
use http::Uri;
use muster_admin_api::{
    PutEventTarget, PutEventTargetRequest, PutEventTargetResponse,
    errors::{INVALID_PATTERN_EXCEPTION, LIMIT_EXCEEDED_EXCEPTION, NOT_FOUND_EXCEPTION},
};
use muster_store::{
    StoreError,
    event_target::{self, EventTarget},
    sns::topic,
};

impl Handle<PutEventTarget> for ControlPlane {
    const ACCESS: Access<PutEventTargetRequest> = Access::Policy(|context, input| {
        let mut requirements = vec![Requirement::anything(context)];
        if is_topic(&input.destination) {
            requirements.push(Requirement::of(context, "sns:Publish", input.destination.as_str()));
        }
        requirements
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: PutEventTargetRequest,
    ) -> Result<PutEventTargetResponse, ApiError> {
        if is_topic(&input.destination) {
            if input.secret.is_some() {
                return Err(ApiError::validation(
                    "A topic signs its messages itself: Secret is for webhooks.",
                ));
            }
            self.check_topic(context, &input.destination).await?;
        } else {
            check_url(&input.destination)?;
        }
        if let Some(pattern) = &input.event_pattern {
            Pattern::parse(pattern).map_err(|error| {
                let text = format!("Event pattern is not valid. Reason: {error}");
                ApiError::new(&INVALID_PATTERN_EXCEPTION, text)
            })?;
        }
        let target = EventTarget {
            tenant: context.tenant.clone(),
            name: input.name,
            destination: input.destination,
            pattern: input.event_pattern,
            secret_sealed: input
                .secret
                .map(|secret| self.secrets.seal(SECRET_PURPOSE, secret.expose().as_bytes())),
            created_ms: context.now_ms,
        };
        match self.db.write(event_target::put(&target, self.config.notifications.event_targets)).await {
            Ok(_) => Ok(PutEventTargetResponse {}),
            Err(StoreError::Conflict { statement: 0 }) => {
                let text = "There are as many event targets as notifications.event_targets allows.";
                Err(ApiError::new(&LIMIT_EXCEEDED_EXCEPTION, text))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl ControlPlane {
    async fn check_topic(&self, context: &RequestContext, destination: &str) -> Result<(), ApiError> {
        let topic = arn::topic("Destination", destination)
            .map_err(|_| ApiError::validation("Destination is not the ARN of a topic."))?;
        if topic.tenant != context.tenant {
            return Err(ApiError::validation("The topic must be of the same account and region."));
        }
        match topic::find(&self.db, &topic.tenant, &topic.name).await? {
            Some(_) => Ok(()),
            None => Err(ApiError::new(&NOT_FOUND_EXCEPTION, "Topic does not exist")),
        }
    }
}

fn is_topic(destination: &str) -> bool {
    destination.starts_with("arn:")
}

fn check_url(text: &str) -> Result<(), ApiError> {
    let uri = text.parse::<Uri>().ok();
    let authority = uri.as_ref().and_then(Uri::authority).map(http::uri::Authority::as_str);
    match (uri.as_ref().and_then(Uri::scheme_str), authority) {
        (Some("http" | "https"), Some(authority)) if authority.contains('@') => Err(ApiError::validation(
            "Destination must not hold a user or password: they would be shown to whoever lists the targets.",
        )),
        (Some("http" | "https"), Some(authority)) if !authority.is_empty() => Ok(()),
        _ => Err(ApiError::validation(
            "Destination must be an http:// or https:// URL, or the ARN of a topic.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, on_each_bench};
    use muster_admin_api::{DeleteEventTarget, ListEventTargets, PutEventTarget};
    use muster_store::testing::on_each_engine;
    use serde_json::json;

    #[tokio::test]
    async fn targets_are_put_listed_and_deleted() {
        on_each_bench(|bench| async move {
            let (here, elsewhere) = (bench.root("r"), bench.root("s"));
            let secret = "0123456789abcdef";
            for name in ["b", "a"] {
                let input = json!({ "Name": name, "Destination": "https://x", "Secret": secret, "EventPattern": r#"{"source":["s"]}"# });
                here.must::<PutEventTarget>(input).await;
            }
            here.must::<PutEventTarget>(json!({ "Name": "a", "Destination": "http://y" })).await;
            let first = here.must::<ListEventTargets>(json!({ "MaxResults": 1 })).await;
            assert_eq!(first["EventTargets"][0]["Destination"], "http://y");
            assert_eq!(first["EventTargets"][0].get("EventPattern"), None);
            let rest = here.must::<ListEventTargets>(json!({ "NextToken": first["NextToken"] })).await;
            assert_eq!(rest["EventTargets"][0]["Name"], "b");
            assert!(!rest.to_string().contains(secret) && rest.get("NextToken").is_none());
            assert_eq!(elsewhere.must::<ListEventTargets>(json!({})).await["EventTargets"], json!([]));
            assert_eq!(elsewhere.code::<ListEventTargets>(json!({ "NextToken": first["NextToken"] })).await, "InvalidNextTokenException");
            assert_eq!(elsewhere.code::<DeleteEventTarget>(json!({ "Name": "a" })).await, "NotFoundException");
            here.must::<DeleteEventTarget>(json!({ "Name": "a" })).await;
            assert_eq!(here.code::<DeleteEventTarget>(json!({ "Name": "a" })).await, "NotFoundException");
        })
        .await;
    }

    #[tokio::test]
    async fn there_is_a_limit() {
        on_each_engine(|db| async move {
            let bench = Bench::new(db, |config| config.notifications.event_targets = 1);
            let root = bench.root("r");
            let put = |name: &str| json!({ "Name": name, "Destination": "https://x" });
            root.must::<PutEventTarget>(put("a")).await;
            root.must::<PutEventTarget>(put("a")).await;
            assert_eq!(root.code::<PutEventTarget>(put("b")).await, "LimitExceededException");
        })
        .await;
    }
}
