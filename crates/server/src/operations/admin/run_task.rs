//! `RunTask`: now instead of when its period is over, on the replica that answers.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_admin_api::{RunTask, RunTaskRequest, RunTaskResponse, errors::NOT_FOUND_EXCEPTION};

impl Handle<RunTask> for ControlPlane {
    const ACCESS: Access<RunTaskRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: RunTaskRequest,
    ) -> Result<RunTaskResponse, ApiError> {
        self.authorise_installation(context).await?;
        let driver = self.driver().filter(|driver| driver.status().contains_key(input.name.as_str()));
        let driver = driver.ok_or_else(|| {
            ApiError::new(&NOT_FOUND_EXCEPTION, format!("There is no task {}.", input.name))
        })?;
        driver.activate(&input.name);
        Ok(RunTaskResponse {})
    }
}
