//! What the audit's record of a call will say: taken down on the call's way in, recorded when it ends. Not for: the
//! form of a record.

use super::{Arrival, auth, header_text};
use crate::{
    audit::{self, Audit, Caller, Parameters, TlsDetails},
    context::{Decisions, Principal, RequestContext},
    error::ApiError,
};
use http::{
    header::{HOST, USER_AGENT},
    request::Parts,
};
use muster_ids::Tenant;
use muster_service_model::OperationSchema;
use serde_json::Value;
use std::{net::IpAddr, sync::Arc};

/// One call's.
#[derive(Debug)]
pub(super) struct Trail {
    operation: &'static OperationSchema,
    request_id: String,
    now_ms: i64,
    source_ip: IpAddr,
    user_agent: String,
    host: Option<String>,
    tls: Option<TlsDetails>,
    /// The access key that the caller named.
    claimed: Option<String>,
    caller: Option<(Principal, Tenant, Arc<Decisions>)>,
    parameters: Parameters,
}

impl Trail {
    /// Begins with what is known before the caller is.
    pub(super) fn begin(parts: &Parts, arrival: &Arrival, operation: &'static OperationSchema) -> Self {
        let tls = parts.extensions.get::<TlsDetails>().copied();
        Self {
            operation,
            request_id: arrival.request_id.clone(),
            now_ms: arrival.now_ms,
            source_ip: arrival.peer.ip(),
            user_agent: header_text(parts, USER_AGENT).unwrap_or_default(),
            // Only the details of TLS name it.
            host: tls.and_then(|_| header_text(parts, HOST)),
            tls,
            claimed: None,
            caller: None,
            parameters: Parameters::default(),
        }
    }

    /// Notes that the caller is not who it says it is.
    pub(super) fn refused(&mut self, parts: &Parts) {
        self.claimed = auth::claimed_key(parts);
    }

    /// Notes who calls.
    pub(super) fn proven(&mut self, context: &RequestContext) {
        let RequestContext { principal, tenant, decisions, .. } = context;
        self.caller = Some((principal.clone(), tenant.clone(), Arc::clone(decisions)));
    }

    /// Notes the input.
    pub(super) fn input(&mut self, input: &Value) {
        self.parameters = Parameters::of_input(input, self.operation);
    }

    /// Notes an input that is in the path.
    pub(super) fn path(&mut self, members: &[(&str, &str)]) {
        self.parameters = Parameters::of_path(members);
    }

    /// What was called.
    pub(super) fn operation(&self) -> &'static OperationSchema {
        self.operation
    }

    /// Who called, once that is proven.
    pub(super) fn principal(&self) -> Option<&Principal> {
        self.caller.as_ref().map(|(principal, ..)| principal)
    }

    /// Records the call.
    pub(super) async fn end(&self, audit: &Audit, outcome: Result<&Value, &ApiError>) {
        let resources = self.caller.as_ref().map(|(_, _, decisions)| decisions.resources());
        let (caller, tenant) = match &self.caller {
            // Whose affair it is, an anonymous caller cannot say.
            Some((principal @ Principal::Anonymous, _, decisions)) => {
                (Caller::Proven(principal), decisions.concerned())
            }
            Some((principal, tenant, _)) => (Caller::Proven(principal), Some(tenant)),
            None => (Caller::Unproven(self.claimed.as_deref()), None),
        };
        let ticket = audit.record(&audit::Call {
            operation: self.operation,
            request_id: &self.request_id,
            now_ms: self.now_ms,
            source_ip: self.source_ip,
            user_agent: &self.user_agent,
            host: self.host.as_deref(),
            tls: self.tls,
            caller,
            tenant,
            parameters: &self.parameters,
            resources: resources.as_deref().unwrap_or_default(),
            outcome,
        });
        audit.settle(ticket).await;
    }
}
