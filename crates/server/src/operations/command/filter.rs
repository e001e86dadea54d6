//! Filters of `ListCommands` and `ListCommandInvocations`.

use crate::{domain::command::State, error::ApiError};
use muster_ssm_api::{CommandFilter, CommandFilterKey, errors::INVALID_FILTER_KEY};

/// Status and details that a value of the `Status` filter stands for; details `None` means any.
type States = Vec<(&'static str, Option<&'static str>)>;

/// What the filters ask for, all of it at once.
#[derive(Debug, Default)]
pub(super) struct Filters {
    /// Asked for after this time, epoch milliseconds.
    pub(super) after_ms: Option<i64>,
    /// Asked for before this time, epoch milliseconds.
    pub(super) before_ms: Option<i64>,
    /// In one of these states.
    pub(super) states: Option<States>,
    /// Complete, or not.
    pub(super) complete: Option<bool>,
    /// Of this document.
    pub(super) document_name: Option<String>,
}

/// Reads the filters; `for_commands` allows what only `ListCommands` takes.
pub(super) fn read(filters: &[CommandFilter], for_commands: bool) -> Result<Filters, ApiError> {
    let mut read = Filters::default();
    for CommandFilter { key, value } in filters {
        match key {
            CommandFilterKey::InvokedAfter => read.after_ms = Some(time(value)?),
            CommandFilterKey::InvokedBefore => read.before_ms = Some(time(value)?),
            CommandFilterKey::Status => {
                let states = states(value).ok_or_else(|| refused(value, "Status"))?;
                read.states = Some(states);
            }
            CommandFilterKey::ExecutionStage if for_commands => {
                read.complete = Some(match value.as_str() {
                    "Complete" => true,
                    "Executing" => false,
                    _ => return Err(refused(value, "ExecutionStage")),
                });
            }
            CommandFilterKey::ExecutionStage => return Err(ApiError::new(&INVALID_FILTER_KEY, "")),
            CommandFilterKey::DocumentName => read.document_name = Some(value.clone()),
        }
    }
    Ok(read)
}

fn refused(value: &str, key: &str) -> ApiError {
    ApiError::validation(format!("The value '{value}' is not valid for the filter {key}."))
}

fn time(value: &str) -> Result<i64, ApiError> {
    let parsed: Result<jiff::Timestamp, _> = value.parse();
    parsed.map(jiff::Timestamp::as_millisecond).map_err(|_| {
        ApiError::validation(format!(
            "The value '{value}' is not a time in ISO 8601 format, such as 2021-07-07T00:00:00Z."
        ))
    })
}

fn states(value: &str) -> Option<States> {
    let exact = |state: State| vec![(state.status, Some(state.details))];
    Some(match value {
        "Pending" | "InProgress" | "Success" | "Cancelled" | "Failed" | "TimedOut" | "Cancelling"
        | "Delayed" => {
            let known = [
                "Pending",
                "InProgress",
                "Success",
                "Cancelled",
                "Failed",
                "TimedOut",
                "Cancelling",
                "Delayed",
            ];
            vec![(known.into_iter().find(|status| *status == value)?, None)]
        }
        "DeliveryTimedOut" => exact(State::DELIVERY_TIMED_OUT),
        "ExecutionTimedOut" => exact(State::EXECUTION_TIMED_OUT),
        "Incomplete" => exact(State::INCOMPLETE),
        "NoInstancesInTag" => exact(State::NO_INSTANCES_IN_TAG),
        "Undeliverable" => exact(State::UNDELIVERABLE),
        "Terminated" => exact(State::TERMINATED),
        "InvalidPlatform" => exact(State::INVALID_PLATFORM),
        // States that this server never sets: nothing is in them.
        "AccessDenied" | "LimitExceeded" | "RateExceeded" => Vec::new(),
        _ => return None,
    })
}
