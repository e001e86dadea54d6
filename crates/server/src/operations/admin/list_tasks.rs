//! `ListTasks`: the background tasks of the replica that answers.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_admin_api::{ListTasks, ListTasksRequest, ListTasksResponse, Task};
use serde_json::Value;

impl Handle<ListTasks> for ControlPlane {
    const ACCESS: Access<ListTasksRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        _input: ListTasksRequest,
    ) -> Result<ListTasksResponse, ApiError> {
        self.authorise_installation(context).await?;
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let status = self.driver().map(|driver| driver.status()).unwrap_or_default();
        let tasks = status.into_iter().map(|(name, task)| Task {
            name: name.to_owned(),
            description: task.description.to_owned(),
            period_ms: count(task.period_ms),
            runs: count(task.runs),
            failures: count(task.failures),
            last_duration_ms: task.last_duration_ms.map(count),
            last_detail: Some(task.last_detail)
                .filter(|detail| *detail != Value::Null)
                .map(|it| it.to_string()),
            last_error: task.last_error,
        });
        Ok(ListTasksResponse { tasks: tasks.collect() })
    }
}
