//! `register`: makes this node's key, and enrols its public half with an activation.

use super::arguments::RegisterOptions;
use super::{Problem, block_on, print};
use crate::api::{Api, ApiError};
use crate::clock::Clock;
use crate::endpoint::Endpoints;
use crate::identity::{self, Registration, Secret};
use crate::net::Dialler;
use crate::paths::DataDir;
use crate::run;
use muster_protocol::ids::ManagedNodeId;
use muster_protocol::signing::rsa::NodeKey;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::process::ExitCode;

pub(super) fn register(data: &DataDir, options: RegisterOptions) -> Result<ExitCode, Problem> {
    let present = Registration::load(data).ok();
    if options.clear {
        identity::clear(data).map_err(Problem::failed)?;
        if options.activation_code.is_none() && options.activation_id.is_none() {
            return print("The registration of this node is removed.\n");
        }
    } else if let Some(present) = &present
        && !options.yes
        && !confirmed(&present.instance_id)?
    {
        return print("Nothing was changed.\n");
    }
    let wanted = Wanted::of(options)?;
    let endpoints = Endpoints::new(wanted.endpoint.as_deref(), &wanted.region).map_err(Problem::failed)?;
    let endpoint = endpoints.ssm;
    if !endpoint.tls && !endpoint.is_loopback() {
        let _ = writeln!(
            io::stderr(),
            "Warning: {endpoint} is not encrypted; the activation code can be read on the way."
        );
    }
    // The folder first: an activation must not be used up by a node that cannot keep its key.
    data.create().map_err(|error| Problem::failed(format!("{}: {error}", data.root().display())))?;
    crate::paths::replace_file(&data.root().join("write-test"), b"")
        .and_then(|()| std::fs::remove_file(data.root().join("write-test")))
        .map_err(|error| Problem::failed(format!("{} cannot be written: {error}", data.root().display())))?;

    let key = NodeKey::generate().map_err(Problem::failed)?;
    let public = key.public_spki_base64().map_err(Problem::failed)?;
    let private = key.to_pkcs1_base64().map_err(Problem::failed)?;
    let fingerprint = uuid::Uuid::new_v4().to_string();
    let api = Api {
        dialler: Dialler::new(wanted.ca_file.clone()),
        clock: Clock::from_environment(),
        region: wanted.region.clone(),
    };
    let instance_id = block_on(api.register(
        &endpoint,
        &wanted.activation_id,
        &wanted.activation_code,
        &public,
        &fingerprint,
    ))?
    .map_err(|error| Problem::failed(explain(&error)))?;
    ManagedNodeId::parse(&instance_id).map_err(|_| {
        Problem::failed(format!("the server gave this node the id {instance_id:?}, which is none"))
    })?;
    let registration = Registration {
        instance_id,
        region: wanted.region,
        endpoint: wanted.endpoint,
        ca_file: wanted.ca_file,
        fingerprint,
        private_key: Secret::new(private.as_str()),
        key_created_ms: api.clock.local_ms(),
    };
    registration.save(data).map_err(|error| {
        Problem::failed(format!(
            "this node is registered as {}, but that cannot be stored: {error}",
            registration.instance_id
        ))
    })?;
    let mut text =
        format!("Registered as {} in {} with {endpoint}.\n", registration.instance_id, registration.region);
    if let Some(present) = present.filter(|present| present.instance_id != registration.instance_id) {
        text.push_str(&format!("It was {} before; deregister that on the server.\n", present.instance_id));
    }
    text.push_str(if run::is_running(data) {
        "Restart the running agent to use the new registration.\n"
    } else {
        "Start the agent with `muster-agent run`, or as a service (`muster-agent install --print`).\n"
    });
    print(&text)
}

/// What is needed, all there.
struct Wanted {
    endpoint: Option<String>,
    activation_code: Secret,
    activation_id: String,
    region: String,
    ca_file: Option<std::path::PathBuf>,
}

impl Wanted {
    fn of(options: RegisterOptions) -> Result<Self, Problem> {
        let needed = |value: Option<String>, name: &str| {
            value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).ok_or_else(|| {
                Problem { text: format!("{name} is needed; see `muster-agent register --help`"), code: 2 }
            })
        };
        let activation_id = needed(options.activation_id, "--activation-id")?;
        let region = needed(options.region, "--region")?;
        if !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') || region.len() > 100 {
            return Err(Problem { text: format!("{region:?} is not a region"), code: 2 });
        }
        let code = match options.activation_code.as_deref() {
            Some("-") => {
                let mut line = String::new();
                io::stdin().lock().take(4096).read_line(&mut line).map_err(Problem::failed)?;
                Some(line)
            }
            _ => options.activation_code,
        };
        let activation_code = Secret::new(needed(code, "--activation-code")?);
        // The agent may be started from anywhere.
        let ca_file = options.ca_file.map(std::fs::canonicalize).transpose();
        let ca_file = ca_file.map_err(|error| Problem::failed(format!("--ca-file: {error}")))?;
        Ok(Self { endpoint: options.endpoint, activation_code, activation_id, region, ca_file })
    }
}

fn confirmed(instance_id: &str) -> Result<bool, Problem> {
    if !io::stdin().is_terminal() {
        let text = format!("this node is registered already as {instance_id}; give -y to register it anew");
        return Err(Problem::failed(text));
    }
    let _ =
        write!(io::stderr(), "This node is registered already as {instance_id}. Register it anew? [y/N] ");
    let mut line = String::new();
    io::stdin().lock().take(100).read_line(&mut line).map_err(Problem::failed)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes" | "Yes"))
}

/// The error with what to do about it.
fn explain(error: &ApiError) -> String {
    let advice = match error.code() {
        Some("InvalidActivation" | "InvalidActivationId") => {
            "the activation is not known: check id, code and region, or make a new one (create-activation)"
        }
        Some("ActivationExpired") => "the activation has expired: make a new one (create-activation)",
        Some("RegistrationLimitExceeded") => {
            "the activation is used up: make a new one with a higher --registration-limit"
        }
        Some("TooManyUpdates" | "ThrottlingException") => "the server is busy: try again in a minute",
        Some("ValidationException") => "check that id and code are complete",
        _ => return format!("this node was not registered: {error}"),
    };
    format!("this node was not registered: {error}; {advice}")
}
