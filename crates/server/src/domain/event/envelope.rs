//! The JSON form of an event, as EventBridge gives it to its targets.

use jiff::Timestamp;
use muster_ids::Tenant;
use muster_store::event::Content;
use serde_json::{Value, json};

/// The event as its targets get it.
pub(crate) fn envelope(id: &str, tenant: &Tenant, time_ms: i64, content: &Content) -> Value {
    json!({
        "version": "0",
        "id": id,
        "detail-type": content.detail_type,
        "source": content.source,
        "account": tenant.account.as_str(),
        "time": seconds(time_ms),
        "region": tenant.region.as_str(),
        "resources": content.resources,
        "detail": content.detail,
    })
}

/// `2026-11-20T14:42:17Z`.
pub(crate) fn seconds(time_ms: i64) -> String {
    let time = Timestamp::from_millisecond(time_ms).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-20T14:42:17.123Z`.
pub(crate) fn milliseconds(time_ms: i64) -> String {
    let time = Timestamp::from_millisecond(time_ms).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tenant;

    #[test]
    fn an_event_looks_as_in_eventbridge() {
        let content = Content {
            source: "aws.ssm".to_owned(),
            detail_type: "Parameter Store Change".to_owned(),
            resources: vec!["arn:aws:ssm:us-east-1:123456789012:parameter/a".to_owned()],
            detail: json!({ "operation": "Create", "name": "/a", "type": "String" }),
        };
        let event = envelope("i", &tenant("us-east-1"), 1_495_471_428_000, &content);
        assert_eq!(
            event.to_string(),
            r#"{"version":"0","id":"i","detail-type":"Parameter Store Change","source":"aws.ssm","account":"123456789012","time":"2017-05-22T16:43:48Z","region":"us-east-1","resources":["arn:aws:ssm:us-east-1:123456789012:parameter/a"],"detail":{"operation":"Create","name":"/a","type":"String"}}"#
        );
        assert_eq!(milliseconds(1_495_471_428_012), "2017-05-22T16:43:48.012Z");
    }
}
