//! `VerifyAudit`: whether the audit trail is as it was written. Muster's own operation.
//!
//! The account of the server may have every account's trail checked, and this server's journal; other accounts their
//! own alone.

use crate::{
    ControlPlane,
    audit::{Audit, Problem, Scope},
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_admin_api::{AuditProblem, VerifyAudit, VerifyAuditRequest, VerifyAuditResponse};
use muster_ids::AccountId;
use muster_service_model::Timestamp;

impl Handle<VerifyAudit> for ControlPlane {
    const ACCESS: Access<VerifyAuditRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: VerifyAuditRequest,
    ) -> Result<VerifyAuditResponse, ApiError> {
        let own = &context.tenant.account;
        let wanted = input.account_id.as_deref().map(AccountId::parse).transpose();
        let wanted = wanted.map_err(|error| ApiError::validation(error.to_string()))?;
        let account = if *own != self.config.account_id && wanted.as_ref().is_none_or(|wanted| wanted == own)
        {
            self.authorise(context, &[Requirement::anything(context)]).await?;
            Some(own.clone())
        } else {
            self.authorise_installation(context).await?;
            wanted
        };
        let time = |time: Option<Timestamp>, default| time.map_or(default, Timestamp::as_millis);
        let scope = Scope {
            account,
            from_ms: time(input.start_time, i64::MIN),
            to_ms: time(input.end_time, i64::MAX),
        };
        let report = Audit::verify(self, &scope).await.map_err(ApiError::internal)?;
        Ok(VerifyAuditResponse {
            verified: report.problems.is_empty(),
            files: report.files,
            events: report.events,
            problems: report.problems.into_iter().map(problem).collect(),
        })
    }
}

fn problem(found: Problem) -> AuditProblem {
    let Problem { account, region, sequence, key, text } = found;
    AuditProblem { account_id: account, region, sequence, key, problem: text }
}
