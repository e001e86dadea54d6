//! `muster admin policy`.

use super::table;
use crate::{Failure, account::Connection, client::Client};
use muster_iam_api::{
    AttachGroupPolicy, AttachGroupPolicyRequest, AttachRolePolicy, AttachRolePolicyRequest, AttachUserPolicy,
    AttachUserPolicyRequest, CreatePolicy, CreatePolicyRequest, CreatePolicyVersion,
    CreatePolicyVersionRequest, DeletePolicy, DeletePolicyRequest, DeletePolicyVersion,
    DeletePolicyVersionRequest, DetachGroupPolicy, DetachGroupPolicyRequest, DetachRolePolicy,
    DetachRolePolicyRequest, DetachUserPolicy, DetachUserPolicyRequest, GetPolicy, GetPolicyRequest,
    GetPolicyVersion, GetPolicyVersionRequest, GetRole, GetRoleRequest, GetUser, GetUserRequest,
    ListPolicies, ListPoliciesRequest, ListPolicyVersions, ListPolicyVersionsRequest, Policy,
    PolicyScopeType, SimulatePrincipalPolicy, SimulatePrincipalPolicyRequest,
};
use percent_encoding::percent_decode_str;
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Versions that a policy may have; the oldest makes room.
const VERSIONS: usize = 5;

/// Policies: what they allow, and to whom.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum PolicyCommand {
    /// List policies
    List {
        /// With those that AWS names, such as AmazonSSMReadOnlyAccess
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// Print a policy's document
    Show {
        /// Its name or ARN
        policy: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Make a policy
    Create {
        /// Its name
        name: String,
        /// Its document, JSON; `-` is standard input
        file: PathBuf,
        #[command(flatten)]
        connection: Connection,
    },
    /// Give a policy a new document
    Update {
        /// Its name or ARN
        policy: String,
        /// Its document, JSON; `-` is standard input
        file: PathBuf,
        #[command(flatten)]
        connection: Connection,
    },
    /// Delete a policy that is attached to nobody
    Delete {
        /// Its name or ARN
        policy: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Attach a policy
    Attach(Attachment),
    /// Detach a policy
    Detach(Attachment),
    /// Say whether somebody may do something, and why
    Simulate(Simulation),
}

/// A policy and whom it is attached to.
#[derive(Debug, clap::Args)]
pub(crate) struct Attachment {
    /// Its name or ARN
    policy: String,
    #[command(flatten)]
    holder: Holder,
    #[command(flatten)]
    connection: Connection,
}

/// Who has it.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Holder {
    /// A user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// A group
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// A role
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
}

/// A question.
#[derive(Debug, clap::Args)]
pub(crate) struct Simulation {
    /// What is to be done, such as ssm:GetParameter
    #[arg(required = true, value_name = "ACTION")]
    actions: Vec<String>,
    /// A user
    #[arg(long, value_name = "NAME", required_unless_present = "role", conflicts_with = "role")]
    user: Option<String>,
    /// A role
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    /// What it is done to; may be given several times [default: *]
    #[arg(long, value_name = "ARN")]
    resource: Vec<String>,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(command: &PolicyCommand) -> Result<ExitCode, Failure> {
    match command {
        PolicyCommand::List { all, connection } => list(&connection.client()?, *all).await?,
        PolicyCommand::Show { policy, connection } => {
            let client = connection.client()?;
            println!("{}", document(&client, &arn(&client, policy).await?).await?);
        }
        PolicyCommand::Create { name, file, connection } => {
            let policy_document = read(file)?;
            let request =
                CreatePolicyRequest { policy_name: name.clone(), policy_document, ..Default::default() };
            let made = connection.client()?.call::<CreatePolicy>(&request).await?.policy.unwrap_or_default();
            eprintln!("made {}", made.arn.unwrap_or_default());
        }
        PolicyCommand::Update { policy, file, connection } => {
            update(&connection.client()?, policy, read(file)?).await?;
        }
        PolicyCommand::Delete { policy, connection } => delete(&connection.client()?, policy).await?,
        PolicyCommand::Attach(attachment) => attach(attachment).await?,
        PolicyCommand::Detach(attachment) => detach(attachment).await?,
        PolicyCommand::Simulate(simulation) => return simulate(simulation).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// A document from a file.
pub(super) fn read(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = match file == Path::new("-") {
        true => std::io::stdin().read_to_string(&mut text).map(|_| ()),
        false => fs::read_to_string(file).map(|content| text = content),
    };
    read.map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?;
    Ok(text)
}

async fn policies(client: &Client, scope: PolicyScopeType) -> Result<Vec<Policy>, Failure> {
    let mut request = ListPoliciesRequest { scope: Some(scope), max_items: Some(1000), ..Default::default() };
    let mut all = Vec::new();
    loop {
        let page = client.call::<ListPolicies>(&request).await?;
        all.extend(page.policies.unwrap_or_default());
        request.marker = page.marker;
        if request.marker.is_none() {
            return Ok(all);
        }
    }
}

/// The ARN of a policy by its name; an ARN stays what it is.
pub(super) async fn arn(client: &Client, policy: &str) -> Result<String, Failure> {
    if policy.starts_with("arn:") {
        return Ok(policy.to_owned());
    }
    let named = |found: &Policy| found.policy_name.as_deref() == Some(policy);
    let found = policies(client, PolicyScopeType::All).await?.into_iter().find(named);
    let arn = found.and_then(|found| found.arn);
    arn.ok_or_else(|| {
        Failure::usage(format!("there is no policy `{policy}`; `muster admin policy list --all`"))
    })
}

async fn list(client: &Client, all: bool) -> Result<(), Failure> {
    let scope = if all { PolicyScopeType::All } else { PolicyScopeType::Local };
    let mut table = table(["POLICY", "ATTACHED", "ARN"]);
    for policy in policies(client, scope).await? {
        let attached = policy.attachment_count.unwrap_or_default().to_string();
        table.add_row([policy.policy_name.unwrap_or_default(), attached, policy.arn.unwrap_or_default()]);
    }
    println!("{table}");
    Ok(())
}

async fn document(client: &Client, arn: &str) -> Result<String, Failure> {
    let policy = client.call::<GetPolicy>(&GetPolicyRequest { policy_arn: arn.to_owned() }).await?.policy;
    let version_id = policy.and_then(|policy| policy.default_version_id).unwrap_or_default();
    let request = GetPolicyVersionRequest { policy_arn: arn.to_owned(), version_id };
    let version = client.call::<GetPolicyVersion>(&request).await?.policy_version.unwrap_or_default();
    let text = version.document.unwrap_or_default();
    let text = percent_decode_str(&text).decode_utf8_lossy();
    // As it was written, but for its spaces.
    let value: Result<serde_json::Value, _> = serde_json::from_str(&text);
    Ok(value.map_or_else(|_| text.to_string(), |value| format!("{value:#}")))
}

async fn update(client: &Client, policy: &str, policy_document: String) -> Result<(), Failure> {
    let policy_arn = arn(client, policy).await?;
    let versions = ListPolicyVersionsRequest { policy_arn: policy_arn.clone(), ..Default::default() };
    let versions = client.call::<ListPolicyVersions>(&versions).await?.versions.unwrap_or_default();
    if versions.len() >= VERSIONS {
        let spare = versions.iter().filter(|version| version.is_default_version != Some(true));
        if let Some(oldest) = spare.min_by_key(|version| version.create_date) {
            let version_id = oldest.version_id.clone().unwrap_or_default();
            let request = DeletePolicyVersionRequest { policy_arn: policy_arn.clone(), version_id };
            client.call::<DeletePolicyVersion>(&request).await?;
        }
    }
    let request = CreatePolicyVersionRequest { policy_arn, policy_document, set_as_default: Some(true) };
    let version = client.call::<CreatePolicyVersion>(&request).await?.policy_version.unwrap_or_default();
    eprintln!("{policy} has version {}", version.version_id.unwrap_or_default());
    Ok(())
}

async fn delete(client: &Client, policy: &str) -> Result<(), Failure> {
    let policy_arn = arn(client, policy).await?;
    let versions = ListPolicyVersionsRequest { policy_arn: policy_arn.clone(), ..Default::default() };
    for version in client.call::<ListPolicyVersions>(&versions).await?.versions.unwrap_or_default() {
        if version.is_default_version != Some(true) {
            let version_id = version.version_id.unwrap_or_default();
            let request = DeletePolicyVersionRequest { policy_arn: policy_arn.clone(), version_id };
            client.call::<DeletePolicyVersion>(&request).await?;
        }
    }
    client.call::<DeletePolicy>(&DeletePolicyRequest { policy_arn }).await?;
    eprintln!("deleted {policy}");
    Ok(())
}

async fn attach(Attachment { policy, holder, connection }: &Attachment) -> Result<(), Failure> {
    let client = connection.client()?;
    let policy_arn = arn(&client, policy).await?;
    if let Some(user_name) = holder.user.clone() {
        client.call::<AttachUserPolicy>(&AttachUserPolicyRequest { user_name, policy_arn }).await?;
    } else if let Some(group_name) = holder.group.clone() {
        client.call::<AttachGroupPolicy>(&AttachGroupPolicyRequest { group_name, policy_arn }).await?;
    } else if let Some(role_name) = holder.role.clone() {
        client.call::<AttachRolePolicy>(&AttachRolePolicyRequest { role_name, policy_arn }).await?;
    }
    Ok(())
}

async fn detach(Attachment { policy, holder, connection }: &Attachment) -> Result<(), Failure> {
    let client = connection.client()?;
    let policy_arn = arn(&client, policy).await?;
    if let Some(user_name) = holder.user.clone() {
        client.call::<DetachUserPolicy>(&DetachUserPolicyRequest { user_name, policy_arn }).await?;
    } else if let Some(group_name) = holder.group.clone() {
        client.call::<DetachGroupPolicy>(&DetachGroupPolicyRequest { group_name, policy_arn }).await?;
    } else if let Some(role_name) = holder.role.clone() {
        client.call::<DetachRolePolicy>(&DetachRolePolicyRequest { role_name, policy_arn }).await?;
    }
    Ok(())
}

async fn simulate(simulation: &Simulation) -> Result<ExitCode, Failure> {
    let client = simulation.connection.client()?;
    let policy_source_arn = match (&simulation.user, &simulation.role) {
        (Some(user), _) => {
            let request = GetUserRequest { user_name: Some(user.clone()) };
            client.call::<GetUser>(&request).await?.user.arn
        }
        (None, role) => {
            let request = GetRoleRequest { role_name: role.clone().unwrap_or_default() };
            client.call::<GetRole>(&request).await?.role.arn
        }
    };
    let mut request = SimulatePrincipalPolicyRequest {
        policy_source_arn,
        action_names: simulation.actions.clone(),
        resource_arns: (!simulation.resource.is_empty()).then(|| simulation.resource.clone()),
        ..Default::default()
    };
    let (mut table, mut all_allowed) = (table(["ACTION", "RESOURCE", "DECISION", "BY"]), true);
    loop {
        let page = client.call::<SimulatePrincipalPolicy>(&request).await?;
        for result in page.evaluation_results.unwrap_or_default() {
            let decision = result.eval_decision.to_string();
            all_allowed &= decision == "allowed";
            let statements = result.matched_statements.unwrap_or_default();
            let by: Vec<_> =
                statements.into_iter().filter_map(|statement| statement.source_policy_id).collect();
            let resource = result.eval_resource_name.unwrap_or_default();
            table.add_row([result.eval_action_name, resource, decision, by.join(", ")]);
        }
        request.marker = page.marker;
        if request.marker.is_none() {
            break;
        }
    }
    println!("{table}");
    Ok(if all_allowed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
