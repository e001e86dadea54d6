//! `AddPermission`: lets other accounts do something with a topic, by a statement in its policy.

use super::topic::no_topic;
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::sns::permission,
    error::ApiError,
};
use muster_sns_api::{AddPermission, AddPermissionInput, AddPermissionOutput};

impl Handle<AddPermission> for ControlPlane {
    const ACCESS: Access<AddPermissionInput> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: AddPermissionInput,
    ) -> Result<AddPermissionOutput, ApiError> {
        let found = self.topic_for(context, "sns:AddPermission", "TopicArn", &input.topic_arn).await?;
        let (name, Some(topic)) = found else { return Err(no_topic()) };
        let (arn, account) = (name.arn(), name.tenant.account.as_str());
        self.change_topic(topic, |topic| {
            let default = || permission::default_policy(&arn, account);
            let policy = topic.attributes.get("Policy").cloned().unwrap_or_else(default);
            let policy =
                permission::add(&policy, &input.label, &arn, &input.aws_account_id, &input.action_name)?;
            topic.attributes.insert("Policy".to_owned(), policy);
            Ok(())
        })
        .await?;
        Ok(AddPermissionOutput {})
    }
}
