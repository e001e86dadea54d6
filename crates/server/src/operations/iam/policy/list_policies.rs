//! `ListPolicies`: the account's own policies by name, then those of AWS by ARN.

use super::{aws_listed, own_listed};
use crate::{
    ControlPlane,
    account::identity_arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::iam::managed,
    error::ApiError,
    operations::iam::marker,
};
use muster_iam_api::{
    ListPolicies, ListPoliciesRequest, ListPoliciesResponse, Policy as Shown, PolicyScopeType,
    PolicyUsageType,
};
use muster_store::iam::{
    Page,
    attachment::{self, Uses},
    key, policy,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Policies read at a time: filters may leave few of them.
const AT_ONCE: i64 = 500;

/// The last policy of a page.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Place {
    /// The key of one of the account's.
    Own(String),
    /// The ARN of one of AWS's.
    Aws(String),
}

/// Which policies the caller asks for.
struct Wanted<'a> {
    input: &'a ListPoliciesRequest,
    uses: &'a BTreeMap<String, Uses>,
}

impl Wanted<'_> {
    fn uses_of(&self, arn: &str) -> Uses {
        self.uses.get(arn).copied().unwrap_or_default()
    }

    fn takes(&self, arn: &str, path: &str) -> bool {
        let uses = self.uses_of(arn);
        let used = match self.input.policy_usage_filter {
            Some(PolicyUsageType::PermissionsPolicy) => uses.attached > 0,
            Some(PolicyUsageType::PermissionsBoundary) => uses.boundary > 0,
            None => !self.input.only_attached.unwrap_or_default() || uses != Uses::default(),
        };
        used && path.starts_with(self.input.path_prefix.as_deref().unwrap_or("/"))
    }
}

impl Handle<ListPolicies> for ControlPlane {
    const ACCESS: Access<ListPoliciesRequest> = Access::Policy(|context, input| {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        vec![Requirement::on(context, identity_arn(&context.tenant.account, "policy", prefix, ""))]
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: ListPoliciesRequest,
    ) -> Result<ListPoliciesResponse, ApiError> {
        let uses = attachment::uses(&self.db, &context.tenant.account).await?;
        let wanted = Wanted { input: &input, uses: &uses };
        let size = marker::size(input.max_items);
        let rows = usize::try_from(size.rows()).unwrap_or(usize::MAX);
        let after = marker::position(self, context, input.marker.as_deref())?;
        let mut found = match &after {
            Some(Place::Aws(_)) => Vec::new(),
            Some(Place::Own(name)) => self.own_policies(context, &wanted, Some(name), rows).await?,
            None => self.own_policies(context, &wanted, None, rows).await?,
        };
        if input.scope != Some(PolicyScopeType::Local) {
            let last = match &after {
                Some(Place::Aws(arn)) => arn.as_str(),
                _ => "",
            };
            let rest = managed::all()
                .filter(|policy| *policy.arn > *last && wanted.takes(&policy.arn, policy.path))
                .take(rows.saturating_sub(found.len()));
            found.extend(rest.map(|policy| {
                (Place::Aws(policy.arn.clone()), aws_listed(policy, wanted.uses_of(&policy.arn)))
            }));
        }
        let marker = marker::cut(self, context, size, &mut found, |(place, _)| place.clone());
        Ok(ListPoliciesResponse {
            policies: Some(found.into_iter().map(|(_, policy)| policy).collect()),
            is_truncated: Some(marker.is_some()),
            marker,
        })
    }
}

impl ControlPlane {
    /// The account's own policies that are asked for, `rows` of them at most.
    async fn own_policies(
        &self,
        context: &RequestContext,
        wanted: &Wanted<'_>,
        after: Option<&str>,
        rows: usize,
    ) -> Result<Vec<(Place, Shown)>, ApiError> {
        let mut found = Vec::new();
        if wanted.input.scope == Some(PolicyScopeType::Aws) {
            return Ok(found);
        }
        let path_prefix = wanted.input.path_prefix.as_deref().unwrap_or_default();
        let mut after = after.map(str::to_owned);
        while found.len() < rows {
            let page = Page { path_prefix, after: after.as_deref(), limit: AT_ONCE };
            let read = policy::list(&self.db, &context.tenant.account, page).await?;
            let Some(last) = read.last() else { break };
            after = Some(key(&last.name));
            let taken = read.into_iter().filter(|policy| wanted.takes(&policy.arn, &policy.path));
            found.extend(taken.take(rows - found.len()).map(|policy| {
                let uses = wanted.uses_of(&policy.arn);
                (Place::Own(key(&policy.name)), own_listed(policy, uses))
            }));
        }
        Ok(found)
    }
}
