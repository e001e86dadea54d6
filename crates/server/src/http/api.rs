//! Calls of API operations: everything at `/`. Not for: the paths of nodes.

use super::{Arrival, Edge, auth, body, codec, completion, context, route, trail::Trail, validate};
use crate::{
    context::RequestContext,
    dispatch::unsupported,
    error::{ApiError, MISSING_AUTHENTICATION_TOKEN},
};
use auth::Identity;
use bytes::Bytes;
use completion::Completion;
use http::{Method, Request, Response, request::Parts};
use hyper::body::Body;
use route::Call;
use serde_json::Value;
use std::{fmt::Display, sync::Arc};
use tracing::Instrument as _;

const LANDING: &str = "This is Muster, an AWS Systems Manager compatible control plane.\n\
                       Point the aws CLI here with AWS_ENDPOINT_URL; see /healthz, /readyz, /metrics.\n";

/// Largest body of an unsigned call: a registration. Strangers shall not fill our memory.
const UNSIGNED_BODY: usize = 64 << 10;

impl Edge {
    pub(super) async fn api<B>(self: &Arc<Self>, request: Request<B>, arrival: &Arrival) -> Response<Bytes>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Display,
    {
        let (parts, body) = request.into_parts();
        let is_call = match parts.method {
            Method::POST => true,
            Method::GET => parts.uri.query().is_some_and(|query| query.contains("Action=")),
            _ => false,
        };
        if !is_call {
            return match parts.method {
                Method::GET | Method::HEAD => codec::response(200, "text/plain; charset=utf-8", LANDING),
                _ => route::not_json(),
            };
        }
        let mut limit = self.control_plane.config.limits.request_body_bytes;
        if !auth::is_signed(&auth::signed_view(&parts)) {
            limit = limit.min(UNSIGNED_BODY);
        }
        let body = match body::collect(body, limit).await {
            Ok(body) => body,
            Err(error) => {
                self.note(arrival, None, None, Err(&error));
                return route::codec_of_head(&parts).encode_error(&error, &arrival.request_id);
            }
        };
        let call = match route::route(&parts, &body) {
            Ok(call) => call,
            Err(unrouted) => {
                self.note(arrival, None, None, Err(&unrouted.error));
                return unrouted.answer(&arrival.request_id);
            }
        };
        let mut trail = Trail::begin(&parts, arrival, call.operation);
        let begun = self.begin(&parts, &body, &call, arrival, &mut trail).await;
        let trail = Arc::new(trail);
        let outcome = match begun {
            Ok((context, input)) => self.dispatch(context, input, Arc::clone(&trail)).await,
            Err(error) => {
                trail.end(&self.control_plane.audit, Err(&error)).await;
                Err(error)
            }
        };
        self.note(arrival, Some(call.operation), trail.principal(), outcome.as_ref().map(|_| ()));
        match outcome {
            Ok(output) => call.codec.encode(&output, call.operation, &arrival.request_id),
            Err(error) => call.codec.encode_error(&error, &arrival.request_id),
        }
    }

    /// Everything before the handler: who calls, and with which input.
    async fn begin(
        self: &Arc<Self>,
        parts: &Parts,
        body: &Bytes,
        call: &Call,
        arrival: &Arrival,
        trail: &mut Trail,
    ) -> Result<(RequestContext, Value), ApiError> {
        // Strangers get no further than here: only the names of a form were read so far.
        let identity = match self.identify(parts, body, call, arrival).await {
            Ok(identity) => identity,
            Err(error) => {
                trail.refused(parts);
                return Err(error);
            }
        };
        let context = context(arrival, parts, identity, call.operation);
        trail.proven(&context);
        // Before the input: no correction of it would help.
        if !self.router.has(call.operation) {
            return Err(unsupported(call.operation));
        }
        let input = call.codec.decode(body, call.operation)?;
        trail.input(&input);
        let lifted = self.control_plane.config.limits.lifted(call.operation);
        validate::validate(&input, call.operation, lifted)?;
        self.control_plane.audit.admit(call.operation, arrival.now_ms)?;
        Ok((context, input))
    }

    async fn identify(
        &self,
        parts: &Parts,
        body: &Bytes,
        call: &Call,
        arrival: &Arrival,
    ) -> Result<Identity, ApiError> {
        let request = auth::signed_view(parts);
        if !auth::is_signed(&request) {
            return if self.router.is_anonymous(call.operation) {
                Identity::anonymous(&self.control_plane)
            } else {
                Err(ApiError::new(&MISSING_AUTHENTICATION_TOKEN, call.rules.missing))
            };
        }
        let payload_hash = body::sha256_hex(body);
        self.authenticator
            .authenticate(&self.control_plane, &request, &payload_hash, call.rules, arrival.now_ms)
            .await
    }

    /// Runs the handler and records the call: it ends what it began even if the client hangs up, so that no write
    /// is without its notice and its record; and a panic in it is one failed call.
    async fn dispatch(
        self: &Arc<Self>,
        context: RequestContext,
        input: Value,
        trail: Arc<Trail>,
    ) -> Result<Value, ApiError> {
        let edge = Arc::clone(self);
        let span = tracing::info_span!(
            "call",
            request_id = context.request_id,
            operation = context.operation.name,
            tenant = %context.tenant,
        );
        let recorded = Arc::clone(&trail);
        let handler = async move {
            let outcome = edge.router.dispatch(Arc::clone(&edge.control_plane), context, input).await;
            recorded.end(&edge.control_plane.audit, outcome.as_ref()).await;
            outcome
        };
        match Completion::of(handler.instrument(span)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let error = ApiError::internal("the handler panicked");
                trail.end(&self.control_plane.audit, Err(&error)).await;
                Err(error)
            }
        }
    }
}
