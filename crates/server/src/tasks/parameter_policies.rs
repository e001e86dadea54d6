//! Does what policies of parameters ask for when their time has come: deletes what has expired, and tells what is about to
//! or has not changed for long. Each batch does all that is due of one parameter, with its events, against what was
//! read: whoever else does it, or writes the parameter meanwhile, makes the batch fail as a whole, and it is looked at
//! again. Not for: what policies say (`domain::parameter::policy`).

use crate::{
    ControlPlane, arn,
    domain::parameter::policy::{Action, Policies},
};
use muster_background::{Outcome, Run, Task};
use muster_bus::Notice;
use muster_ids::Tenant;
use muster_store::{
    StoreError,
    event::{self, Event},
    parameter::{self, Parameter},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// Parameters in one run; more wait for the next, which comes at once.
const BATCH: i64 = 200;
/// Policies count days and hours; this late is in time.
const PERIOD: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct ParameterPolicies {
    control_plane: Arc<ControlPlane>,
}

/// What a run did.
#[derive(Debug, Default)]
struct Done {
    deleted: u64,
    notified: u64,
}

impl ParameterPolicies {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane }
    }

    async fn enforce(&self) -> Result<(Done, bool), StoreError> {
        let db = &self.control_plane.db;
        let now_ms = self.control_plane.clock.now_ms();
        let due = parameter::due(db, now_ms, BATCH).await?;
        let more = i64::try_from(due.len()).is_ok_and(|due| due == BATCH);
        let (mut done, mut heard) = (Done::default(), false);
        for (tenant, found) in due {
            let stored = found.latest.body.policies.as_deref().unwrap_or("[]");
            let Some(mut policies) = Policies::from_stored(stored) else {
                tracing::error!(%tenant.account, path = found.path, "a parameter's policies cannot be read");
                continue;
            };
            let actions = policies.take_due(found.latest.modified_ms, now_ms);
            let deletes = actions.iter().any(|action| action.deletes);
            let mut batch = if deletes {
                parameter::delete(&tenant, &found.path, found.revision, &found.latest.body.tier)
            } else {
                let due_ms = policies.next_due(found.latest.modified_ms);
                parameter::note_policies(&tenant, &found, &policies.stored(), due_ms)
            };
            let before = batch.len();
            for event in events(&tenant, &found, &actions, now_ms) {
                batch.append(event::insert(&event));
            }
            match db.write(batch).await {
                Ok(answer) => {
                    heard |= answer.iter().skip(before).any(|rows| !rows.is_empty());
                    done.deleted += u64::from(deletes);
                    done.notified += actions.iter().filter(|action| !action.deletes).count() as u64;
                }
                // Somebody else was faster.
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if heard {
            self.control_plane.bus.publish(Notice::EventsWaiting);
        }
        Ok((done, more))
    }
}

/// `Parameter Store Policy Action` for each, and the change that an expiration is.
fn events(tenant: &Tenant, found: &Parameter, actions: &[Action], now_ms: i64) -> Vec<Event> {
    let latest = &found.latest;
    let event = |detail_type: &str, detail: Value| Event {
        id: Uuid::new_v4(),
        tenant: tenant.clone(),
        time_ms: now_ms,
        source: "aws.ssm",
        detail_type: detail_type.to_owned(),
        resources: vec![arn::parameter(tenant, &latest.name)],
        detail,
    };
    let mut events = Vec::new();
    for action in actions {
        let mut detail = json!({
            "policy-type": action.kind,
            "parameter-name": latest.name,
            "parameter-type": latest.body.kind,
            "action-status": "SUCCESS",
            "policy-content": action.text,
        });
        if let (true, Some(detail)) = (action.deletes, detail.as_object_mut()) {
            detail.insert("action-reason".to_owned(), "Parameter expired and was deleted".into());
        }
        events.push(event("Parameter Store Policy Action", detail));
        if action.deletes {
            let mut detail = json!({ "operation": "Delete", "name": latest.name, "type": latest.body.kind });
            if let (Some(words), Some(detail)) = (&latest.body.description, detail.as_object_mut()) {
                detail.insert("description".to_owned(), words.as_str().into());
            }
            events.push(event("Parameter Store Change", detail));
        }
    }
    events
}

impl Task for ParameterPolicies {
    fn name(&self) -> &'static str {
        "parameter_policies"
    }

    fn description(&self) -> &'static str {
        "Deletes expired parameters and sends the notifications of parameter policies."
    }

    fn period(&self) -> Duration {
        PERIOD
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            let (done, more) = self.enforce().await.map_err(|error| error.to_string())?;
            let next =
                parameter::next_due(&self.control_plane.db).await.map_err(|error| error.to_string())?;
            let wait_ms = next.map(|next| next.saturating_sub(self.control_plane.clock.now_ms()));
            let within = wait_ms.map(|wait| Duration::from_millis(u64::try_from(wait).unwrap_or(0)));
            let next_within = if more { Some(Duration::ZERO) } else { within.filter(|wait| *wait < PERIOD) };
            // What could not be done just now must not spin.
            let next_within = next_within.map(|wait| wait.max(Duration::from_millis(100)));
            Ok(Outcome { detail: json!({ "deleted": done.deleted, "notified": done.notified }), next_within })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, Caller, on_each_bench, tenant};
    use muster_ssm_api::{DescribeParameters, GetParameter, GetParameterHistory, PutParameter};
    use muster_store::event_target::{self, EventTarget};

    const HOUR_MS: i64 = 3_600_000;

    async fn put(root: &Caller, name: &str, more: Value) {
        let mut input =
            json!({ "Name": name, "Value": "v", "Type": "String", "Tier": "Advanced", "Overwrite": true });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        root.must::<PutParameter>(input).await;
    }

    fn after(hours: u32) -> Value {
        let attributes = json!({ "After": hours.to_string(), "Unit": "Hours" });
        json!({ "Type": "NoChangeNotification", "Version": "1.0", "Attributes": attributes })
    }

    fn expiring(bench: &Bench, in_ms: i64, before: u32) -> Value {
        let at = muster_protocol::iso_millis(bench.control_plane.clock.now_ms() + in_ms);
        json!([
            { "Type": "ExpirationNotification", "Version": "1.0",
              "Attributes": { "Before": before.to_string(), "Unit": "Hours" } },
            { "Type": "Expiration", "Version": "1.0", "Attributes": { "Timestamp": at } },
        ])
    }

    async fn listen(bench: &Bench) {
        let target = EventTarget {
            tenant: tenant("r"),
            name: "t".to_owned(),
            destination: "https://localhost/".to_owned(),
            pattern: None,
            secret_sealed: None,
            created_ms: 0,
        };
        bench.control_plane.db.write(event_target::put(&target, 10)).await.unwrap();
    }

    /// Details of the policies' events, by type.
    async fn told(bench: &Bench) -> Vec<Value> {
        let waiting = event::waiting(&bench.control_plane.db, 100).await.unwrap();
        let contents =
            waiting.iter().map(|event| serde_json::from_str::<event::Content>(&event.content).unwrap());
        let actions = contents.filter(|content| content.detail_type == "Parameter Store Policy Action");
        let mut details: Vec<Value> = actions.map(|content| content.detail).collect();
        details.sort_by_key(|detail| detail["policy-type"].to_string());
        details
    }

    async fn statuses(root: &Caller, name: &str) -> Vec<Value> {
        let filter = json!({ "ParameterFilters": [{ "Key": "Name", "Values": [name] }] });
        let found = root.must::<DescribeParameters>(filter).await;
        let policies = found["Parameters"][0]["Policies"].as_array().unwrap().clone();
        policies.into_iter().map(|mut policy| policy["PolicyStatus"].take()).collect()
    }

    #[tokio::test]
    async fn a_parameter_expires_after_it_was_announced() {
        on_each_bench(|bench| async move {
            let root = bench.root("r");
            listen(&bench).await;
            let policies = expiring(&bench, 10 * HOUR_MS, 2).to_string();
            put(&root, "/token", json!({ "Policies": policies, "Description": "words" })).await;
            put(&root, "/other", json!({})).await;
            let task = ParameterPolicies::new(bench.control_plane.clone());
            let run = async || task.run().await.unwrap().detail;
            assert_eq!(run().await, json!({ "deleted": 0, "notified": 0 }));
            assert_eq!(statuses(&root, "/token").await, ["Pending", "Pending"]);

            bench.clock.advance_ms(8 * HOUR_MS);
            assert_eq!(run().await, json!({ "deleted": 0, "notified": 1 }));
            assert_eq!(run().await, json!({ "deleted": 0, "notified": 0 }), "once");
            assert_eq!(statuses(&root, "/token").await, ["Finished", "Pending"]);
            // A new value changes nothing about it.
            put(&root, "/token", json!({ "Value": "w" })).await;
            assert_eq!(run().await, json!({ "deleted": 0, "notified": 0 }));
            let history = root.must::<GetParameterHistory>(json!({ "Name": "/token" })).await;
            let first = &history["Parameters"][0]["Policies"];
            assert_eq!(first.as_array().unwrap().len(), 2);
            assert_eq!(first[0].get("PolicyStatus"), None);

            bench.clock.advance_ms(2 * HOUR_MS);
            assert_eq!(run().await, json!({ "deleted": 1, "notified": 0 }));
            assert_eq!(root.code::<GetParameter>(json!({ "Name": "/token" })).await, "ParameterNotFound");
            root.must::<GetParameter>(json!({ "Name": "/other" })).await;
            let told = told(&bench).await;
            assert_eq!(told.len(), 2);
            assert_eq!(told[0]["policy-type"], "Expiration");
            assert_eq!(told[0]["action-reason"], "Parameter expired and was deleted");
            let content: Value = serde_json::from_str(told[1]["policy-content"].as_str().unwrap()).unwrap();
            assert_eq!(content["Attributes"], json!({ "Before": "2", "Unit": "Hours" }));
            let rest = ["parameter-name", "parameter-type", "action-status"].map(|key| told[1][key].clone());
            assert_eq!(rest, ["/token", "String", "SUCCESS"].map(Value::from));
        })
        .await;
    }

    #[tokio::test]
    async fn a_value_that_stays_is_told_again_after_each_change() {
        on_each_bench(|bench| async move {
            let root = bench.root("r");
            listen(&bench).await;
            put(&root, "/quiet", json!({ "Policies": json!([after(5)]).to_string() })).await;
            let task = ParameterPolicies::new(bench.control_plane.clone());
            let notified = async || task.run().await.unwrap().detail["notified"].as_u64().unwrap();
            bench.clock.advance_ms(4 * HOUR_MS);
            put(&root, "/quiet", json!({})).await;
            bench.clock.advance_ms(4 * HOUR_MS);
            assert_eq!(notified().await, 0, "the time began anew");
            bench.clock.advance_ms(HOUR_MS);
            assert_eq!(notified().await, 1);
            bench.clock.advance_ms(100 * HOUR_MS);
            assert_eq!(notified().await, 0);
            put(&root, "/quiet", json!({})).await;
            assert_eq!(statuses(&root, "/quiet").await, ["Pending"]);
            bench.clock.advance_ms(5 * HOUR_MS);
            assert_eq!(notified().await, 1);
            put(&root, "/quiet", json!({ "Policies": "[{}]" })).await;
            assert_eq!(statuses(&root, "/quiet").await, [Value::Null; 0]);
            bench.clock.advance_ms(100 * HOUR_MS);
            assert_eq!(notified().await, 0);
            assert_eq!(told(&bench).await.len(), 2);
        })
        .await;
    }

    #[tokio::test]
    async fn policies_need_the_advanced_tier() {
        on_each_bench(|bench| async move {
            let root = bench.root("r");
            let policies = json!([after(1)]).to_string();
            let standard = json!({ "Name": "/x", "Value": "v", "Type": "String", "Policies": policies });
            let error = root.call::<PutParameter>(standard).await.unwrap_err();
            assert!(error.message.starts_with("You can't assign parameter policies to a standard"), "{error}");
            let tiering = json!({
                "Name": "/x", "Value": "v", "Type": "String", "Policies": policies, "Tier": "Intelligent-Tiering",
            });
            assert_eq!(root.must::<PutParameter>(tiering).await["Tier"], "Advanced");
            let bad = json!({ "Name": "/x", "Value": "v", "Overwrite": true, "Policies": "[{\"Type\":\"x\"}]" });
            assert_eq!(root.code::<PutParameter>(bad).await, "InvalidPolicyTypeException");
        })
        .await;
    }
}
