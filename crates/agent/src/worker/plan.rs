//! What a document asks this node to do, step by step: parameters filled in, preconditions decided.

use crate::plugins::{self, Lookup, Plugin};
use muster_protocol::document::flow::FlowControl;
use muster_protocol::document::precondition::{Circumstances, Decision, PluginSupport, decide};
use muster_protocol::document::{Document, SchemaVersion, Step};
use muster_protocol::message::SendCommandContent;
use serde_json::{Map, Value};

/// The platform of this build, as preconditions name it.
const PLATFORM_TYPE: &str = "linux";

/// A document ready to be run.
pub(crate) struct Plan {
    schema_version: SchemaVersion,
    values: Map<String, Value>,
    /// In order; at least one.
    pub(crate) steps: Vec<Step>,
}

/// What to do with a step.
pub(super) enum Gate {
    /// Run it by this plugin.
    Run(&'static dyn Plugin),
    /// Not on this node, or not any more.
    Skip(String),
    /// It cannot.
    Fail(String),
}

impl Plan {
    /// Reads a job. The error is a text for the user.
    pub(crate) fn of(content: &SendCommandContent) -> Result<Self, String> {
        let mut document = Document::parse(&content.document_content).map_err(|error| error.to_string())?;
        let values = document.values(&content.parameters);
        document.apply(&values);
        Ok(Self { schema_version: document.schema_version, values, steps: document.steps })
    }

    /// Decides on a step. `ended_early`: an earlier one has ended the document.
    pub(super) fn gate(&self, number: usize, step: &Step, ended_early: bool) -> Gate {
        let lookup = plugins::find(&step.action);
        let runs_anyway = flow_control(step).runs_after_exit(number, self.steps.len());
        let circumstances = Circumstances {
            schema_version: self.schema_version,
            plugin: match lookup {
                Lookup::Supported(_) => PluginSupport::Supported,
                Lookup::Unsupported => PluginSupport::Unsupported,
                Lookup::Unknown => PluginSupport::Unknown,
            },
            platform_type: PLATFORM_TYPE,
            after_exit: ended_early && !runs_anyway,
            values: &self.values,
        };
        match (decide(step, circumstances), lookup) {
            (Decision::Run, Lookup::Supported(plugin)) => Gate::Run(plugin),
            (Decision::Run, _) => Gate::Fail(format!("There is no plugin {} here.", step.action)),
            (Decision::Skip(reason), _) => Gate::Skip(reason),
            (Decision::Fail(reason), _) => Gate::Fail(reason),
        }
    }
}

/// The keys of a step's inputs that steer the document; with several sets of inputs, those of the first.
pub(super) fn flow_control(step: &Step) -> FlowControl {
    step.runs().first().map(FlowControl::of).unwrap_or_default()
}
