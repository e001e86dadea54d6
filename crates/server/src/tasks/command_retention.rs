//! Forgets commands that ended long ago, with their outputs. AWS keeps them for 30 days.

use crate::ControlPlane;
use muster_background::{Outcome, Run, Task};
use muster_store::command;
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// Commands forgotten in one run; more wait for the next, which comes soon.
const BATCH: i64 = 100;
const SOON: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct CommandRetention {
    control_plane: Arc<ControlPlane>,
}

impl CommandRetention {
    pub(crate) fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane }
    }

    async fn forget(&self) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
        let ControlPlane { db, blobs, clock, config, .. } = &*self.control_plane;
        let before_ms = clock.now_ms() - config.limits.command_retention_ms;
        let old = command::finished_before(db, before_ms, BATCH).await?;
        for (tenant, id) in &old {
            // Outputs first: a command without outputs can be forgotten again, outputs without a command cannot.
            blobs.delete_prefix(&format!("outputs/{}/{}/{id}/", tenant.account, tenant.region)).await?;
            db.write(command::delete(id)).await?;
        }
        Ok(old.len())
    }
}

impl Task for CommandRetention {
    fn name(&self) -> &'static str {
        "command_retention"
    }

    fn description(&self) -> &'static str {
        "Forgets commands that ended long ago, with their outputs."
    }

    fn period(&self) -> Duration {
        Duration::from_secs(3600)
    }

    fn run(&self) -> Run<'_> {
        Box::pin(async {
            let forgotten = self.forget().await.map_err(|error| error.to_string())?;
            let more = i64::try_from(forgotten).is_ok_and(|forgotten| forgotten == BATCH);
            Ok(Outcome { detail: json!({ "forgotten": forgotten }), next_within: more.then_some(SOON) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{on_each_bench, tenant};
    use bytes::Bytes;
    use muster_ids::CommandId;
    use muster_ssm_api::SendCommand;

    const DAY_MS: i64 = 24 * 3_600_000;

    #[tokio::test]
    async fn a_command_is_forgotten_with_its_outputs_thirty_days_after_its_end() {
        on_each_bench(|bench| async move {
            // A command for no node at all ends at once.
            let targets = json!([{ "Key": "tag:nobody", "Values": ["x"] }]);
            let input = json!({
                "DocumentName": "AWS-RunShellScript", "Targets": targets, "Parameters": { "commands": ["id"] }
            });
            let sent = bench.root("us-east-1").call::<SendCommand>(input).await.unwrap();
            let id = CommandId::parse(sent["Command"]["CommandId"].as_str().unwrap()).unwrap();
            let tenant = tenant("us-east-1");
            let output = format!("outputs/{}/{}/{id}/node/step/stdout", tenant.account, tenant.region);
            let ControlPlane { db, blobs, .. } = &*bench.control_plane;
            blobs.put(&output, Bytes::from_static(b"x")).await.unwrap();

            let task = CommandRetention::new(bench.control_plane.clone());
            bench.clock.advance_ms(29 * DAY_MS);
            task.run().await.unwrap();
            assert!(command::find(db, &tenant, &id).await.unwrap().is_some(), "29 days are not enough");
            bench.clock.advance_ms(2 * DAY_MS);
            task.run().await.unwrap();
            assert!(command::find(db, &tenant, &id).await.unwrap().is_none());
            assert_eq!(blobs.get(&output).await.unwrap(), None);
        })
        .await;
    }
}
