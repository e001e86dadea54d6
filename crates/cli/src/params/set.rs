//! `muster params set`.

use super::store;
use crate::{Failure, account::Connection, nodes::parse_tag};
use muster_service_model::Sensitive;
use muster_ssm_api::{
    AddTagsToResource, AddTagsToResourceRequest, ParameterTier, ParameterType, PutParameterRequest,
    ResourceTypeForTagging, Tag,
};
use std::{
    io::{IsTerminal as _, Read as _, stdin},
    process::ExitCode,
};

/// Create a parameter, or give it a new value.
///
/// Without VALUE it is read from standard input, up to its end; a line break at the end is dropped. Secrets belong
/// there: arguments can be seen in the list of processes and stay in the shell's history.
#[derive(Debug, clap::Args)]
pub(crate) struct SetArgs {
    /// Its name
    name: String,
    /// Its value
    #[arg(allow_hyphen_values = true)]
    value: Option<String>,
    /// Encrypt it: a SecureString
    #[arg(long, conflicts_with = "list")]
    secure: bool,
    /// It is a list, separated by commas: a StringList
    #[arg(long)]
    list: bool,
    /// The KMS key for a SecureString [default: alias/aws/ssm]
    #[arg(long, value_name = "KEY", requires = "secure")]
    key_id: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// A pattern that every value must match
    #[arg(long, value_name = "REGEX")]
    allowed_pattern: Option<String>,
    /// Up to 8 KiB instead of 4, and policies
    #[arg(long)]
    advanced: bool,
    /// A tag; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_tag)]
    tag: Vec<(String, String)>,
    /// Refuse if there is such a parameter already
    #[arg(long)]
    create_only: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(args: &SetArgs) -> Result<ExitCode, Failure> {
    let value = match &args.value {
        Some(value) => Sensitive::new(value.clone()),
        None => read_value()?,
    };
    let client = args.connection.client()?;
    let kind = match (args.secure, args.list) {
        (true, _) => Some(ParameterType::SecureString),
        (_, true) => Some(ParameterType::StringList),
        // One that is there keeps its type.
        _ => None,
    };
    let tags: Vec<Tag> =
        args.tag.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect();
    let mut request = PutParameterRequest {
        name: args.name.clone(),
        value,
        r#type: kind,
        key_id: args.key_id.clone(),
        description: args.description.clone(),
        allowed_pattern: args.allowed_pattern.clone(),
        tier: args.advanced.then_some(ParameterTier::Advanced),
        overwrite: Some(!args.create_only),
        ..Default::default()
    };
    if kind.is_none() && !exists(&client, &args.name).await? {
        request.r#type = Some(ParameterType::String);
    }
    let version = store::put(&client, &request).await?;
    if !tags.is_empty() {
        let tagging = AddTagsToResourceRequest {
            resource_type: ResourceTypeForTagging::Parameter,
            resource_id: args.name.clone(),
            tags,
        };
        client.call::<AddTagsToResource>(&tagging).await?;
    }
    eprintln!("{} has version {version}", args.name);
    Ok(ExitCode::SUCCESS)
}

async fn exists(client: &crate::client::Client, name: &str) -> Result<bool, Failure> {
    let (found, _) = store::named(client, &[name.to_owned()], false).await?;
    Ok(!found.is_empty())
}

fn read_value() -> Result<Sensitive, Failure> {
    if stdin().is_terminal() {
        eprintln!("Type the value, then Ctrl-D on a line of its own:");
    }
    let mut text = String::new();
    stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("cannot read the value from standard input: {error}")))?;
    let value = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if value.is_empty() {
        return Err(Failure::usage("there is no value: a parameter cannot be empty"));
    }
    Ok(Sensitive::new(value))
}
