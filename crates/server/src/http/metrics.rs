//! What `/metrics` tells, in the OpenMetrics text format. Not for: the status of single nodes or commands.

use crate::audit::AuditMetrics;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};
use std::{fmt, sync::atomic::Ordering, time::Duration};

/// The content type of [`Metrics::render`].
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    service: &'static str,
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    service: &'static str,
    operation: &'static str,
    code: &'static str,
}

/// Counters of this process. Labels are names of the models and codes, never anything that came in.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Outcome, Counter>,
    durations: Family<Call, Histogram, fn() -> Histogram>,
    connections: Gauge,
    nodes: Gauge,
    audit_events: Counter,
    audit_bytes: Counter,
    audit_lost: Counter,
    audit_unsealed: Gauge,
}

impl Metrics {
    pub(super) fn new() -> Self {
        // 0.25 ms to about 16 s.
        let new_histogram: fn() -> Histogram = || Histogram::new(exponential_buckets(0.000_25, 4.0, 9));
        let requests = Family::<Outcome, Counter>::default();
        let durations = Family::new_with_constructor(new_histogram);
        let (connections, nodes, audit_unsealed) = (Gauge::default(), Gauge::default(), Gauge::default());
        let (audit_events, audit_bytes, audit_lost) =
            (Counter::default(), Counter::default(), Counter::default());
        let mut registry = Registry::with_prefix("muster");
        registry.register("requests", "Calls by operation and outcome", requests.clone());
        registry.register("request_duration_seconds", "Time to answer a call", durations.clone());
        registry.register("connections", "Open connections, channels of nodes included", connections.clone());
        registry.register("connected_nodes", "Nodes whose control channel this server holds", nodes.clone());
        registry.register("audit_events", "Events written to the audit journal", audit_events.clone());
        registry.register("audit_bytes", "Bytes written to the audit journal", audit_bytes.clone());
        registry.register("audit_lost_events", "Events that could not be written", audit_lost.clone());
        registry.register("audit_unsealed_bytes", "Bytes that wait to be sealed", audit_unsealed.clone());
        Self {
            registry,
            requests,
            durations,
            connections,
            nodes,
            audit_events,
            audit_bytes,
            audit_lost,
            audit_unsealed,
        }
    }

    /// Notes a call. `code` is an error's code, or `OK`.
    pub(super) fn called(
        &self,
        service: &'static str,
        operation: &'static str,
        code: &'static str,
        took: Duration,
    ) {
        self.requests.get_or_create(&Outcome { service, operation, code }).inc();
        self.durations.get_or_create(&Call { service, operation }).observe(took.as_secs_f64());
    }

    /// Open connections; kept by the listener.
    pub(super) fn connections(&self) -> &Gauge {
        &self.connections
    }

    /// The text, with what others count as of now: connected nodes, and the audit trail.
    pub(super) fn render(&self, connected_nodes: usize, audit: AuditMetrics) -> String {
        self.nodes.set(i64::try_from(connected_nodes).unwrap_or(i64::MAX));
        self.audit_events.inner().store(audit.recorded, Ordering::Relaxed);
        self.audit_bytes.inner().store(audit.bytes, Ordering::Relaxed);
        self.audit_lost.inner().store(audit.lost, Ordering::Relaxed);
        self.audit_unsealed.set(i64::try_from(audit.unsealed_bytes).unwrap_or(i64::MAX));
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}
