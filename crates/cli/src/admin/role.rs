//! `muster admin role`.

use super::{ago, policy, print_json, table};
use crate::{Failure, account::Connection, client::Client, clock, nodes::Output};
use muster_iam_api::{
    AttachRolePolicy, AttachRolePolicyRequest, CreateRole, CreateRoleRequest, DeleteRole, DeleteRolePolicy,
    DeleteRolePolicyRequest, DeleteRoleRequest, DetachRolePolicy, DetachRolePolicyRequest, GetRole,
    GetRoleRequest, ListAttachedRolePolicies, ListAttachedRolePoliciesRequest, ListRolePolicies,
    ListRolePoliciesRequest, ListRoles, ListRolesRequest, PutRolePolicy, PutRolePolicyRequest, Role,
};
use percent_encoding::percent_decode_str;
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// IAM roles.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum RoleCommand {
    /// Make a role
    Create {
        /// Its name
        name: String,
        #[command(flatten)]
        trust: Trust,
        /// A policy to attach, by name or ARN; may be given several times
        #[arg(long, value_name = "POLICY")]
        policy: Vec<String>,
        #[command(flatten)]
        connection: Connection,
    },
    /// List the roles
    List {
        /// How to print
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
        #[command(flatten)]
        connection: Connection,
    },
    /// Show whom a role trusts, and its policies
    Show {
        /// Its name
        name: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// End every session of a role that has begun until now
    RevokeSessions {
        /// Its name
        name: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Delete a role
    Delete {
        /// Its name
        name: String,
        /// With its policies, which else keep it
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        connection: Connection,
    },
}

/// Who may take a role.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Trust {
    /// Identities of this account that their own policies let
    #[arg(long, value_name = "ACCOUNT")]
    trust_account: Option<String>,
    /// A service: ssm.amazonaws.com for managed nodes
    #[arg(long, value_name = "NAME")]
    trust_service: Option<String>,
    /// Whom this trust policy names: JSON, `-` is standard input
    #[arg(long, value_name = "FILE")]
    trust_policy: Option<PathBuf>,
}

impl Trust {
    fn document(&self) -> Result<String, Failure> {
        let principal = match self {
            Self { trust_policy: Some(file), .. } => return policy::read(file),
            Self { trust_service: Some(service), .. } => json!({ "Service": service }),
            Self { trust_account, .. } => {
                json!({ "AWS": format!("arn:aws:iam::{}:root", trust_account.clone().unwrap_or_default()) })
            }
        };
        let statement = json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" });
        Ok(json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string())
    }
}

pub(super) async fn run(command: &RoleCommand) -> Result<ExitCode, Failure> {
    match command {
        RoleCommand::Create { name, trust, policy, connection } => {
            create(&connection.client()?, name, trust.document()?, policy).await?;
        }
        RoleCommand::List { output, connection } => list(&connection.client()?, *output).await?,
        RoleCommand::Show { name, connection } => show(&connection.client()?, name).await?,
        RoleCommand::RevokeSessions { name, connection } => revoke(&connection.client()?, name).await?,
        RoleCommand::Delete { name, force, connection } => {
            let client = connection.client()?;
            if *force {
                strip(&client, name).await?;
            }
            client.call::<DeleteRole>(&DeleteRoleRequest { role_name: name.clone() }).await?;
            eprintln!("deleted {name}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(client: &Client, name: &str, trust: String, policies: &[String]) -> Result<(), Failure> {
    let mut arns = Vec::new();
    for policy in policies {
        arns.push(policy::arn(client, policy).await?);
    }
    let role_name = name.to_owned();
    let request = CreateRoleRequest {
        role_name: role_name.clone(),
        assume_role_policy_document: trust,
        ..Default::default()
    };
    let role = client.call::<CreateRole>(&request).await?.role;
    for policy_arn in arns {
        let request = AttachRolePolicyRequest { role_name: role_name.clone(), policy_arn };
        client.call::<AttachRolePolicy>(&request).await?;
    }
    eprintln!("made {}", role.arn);
    Ok(())
}

async fn list(client: &Client, output: Output) -> Result<(), Failure> {
    let (mut request, mut all): (_, Vec<Role>) = (ListRolesRequest::default(), Vec::new());
    loop {
        let page = client.call::<ListRoles>(&request).await?;
        all.extend(page.roles);
        request.marker = page.marker;
        if request.marker.is_none() {
            break;
        }
    }
    if output == Output::Json {
        return print_json(&all);
    }
    let mut table = table(["ROLE", "MADE", "ARN"]);
    for role in all {
        table.add_row([role.role_name, ago(Some(role.create_date)), role.arn]);
    }
    println!("{table}");
    Ok(())
}

async fn attached(client: &Client, name: &str) -> Result<Vec<(String, String)>, Failure> {
    let request = ListAttachedRolePoliciesRequest { role_name: name.to_owned(), ..Default::default() };
    let page = client.call::<ListAttachedRolePolicies>(&request).await?;
    let policies = page.attached_policies.unwrap_or_default().into_iter();
    Ok(policies
        .map(|policy| (policy.policy_name.unwrap_or_default(), policy.policy_arn.unwrap_or_default()))
        .collect())
}

async fn inline(client: &Client, name: &str) -> Result<Vec<String>, Failure> {
    let request = ListRolePoliciesRequest { role_name: name.to_owned(), ..Default::default() };
    Ok(client.call::<ListRolePolicies>(&request).await?.policy_names)
}

async fn show(client: &Client, name: &str) -> Result<(), Failure> {
    let role = client.call::<GetRole>(&GetRoleRequest { role_name: name.to_owned() }).await?.role;
    let trust = role.assume_role_policy_document.unwrap_or_default();
    let trust = percent_decode_str(&trust).decode_utf8_lossy();
    let trust: Result<serde_json::Value, _> = serde_json::from_str(&trust);
    println!("{}", role.arn);
    println!("{:#}", trust.unwrap_or_default());
    let mut table = table(["POLICY", ""]);
    for (name, arn) in attached(client, name).await? {
        table.add_row([name, arn]);
    }
    for name in inline(client, name).await? {
        table.add_row([name, "inline".to_owned()]);
    }
    println!("{table}");
    Ok(())
}

/// As AWS's console does it: a policy that denies everything to sessions from before now.
async fn revoke(client: &Client, name: &str) -> Result<(), Failure> {
    let now = jiff::Timestamp::from_millisecond(clock::now_ms())
        .map_err(|error| Failure::other(format!("the clock is wrong: {error}")))?;
    let now = now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let statement = json!({
        "Effect": "Deny", "Action": ["*"], "Resource": ["*"],
        "Condition": { "DateLessThan": { "aws:TokenIssueTime": now } },
    });
    let request = PutRolePolicyRequest {
        role_name: name.to_owned(),
        policy_name: "AWSRevokeOlderSessions".to_owned(),
        policy_document: json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string(),
    };
    client.call::<PutRolePolicy>(&request).await?;
    eprintln!("sessions of {name} from before {now} may do nothing more");
    Ok(())
}

async fn strip(client: &Client, name: &str) -> Result<(), Failure> {
    let role_name = || name.to_owned();
    for (_, policy_arn) in attached(client, name).await? {
        client
            .call::<DetachRolePolicy>(&DetachRolePolicyRequest { role_name: role_name(), policy_arn })
            .await?;
    }
    for policy_name in inline(client, name).await? {
        client
            .call::<DeleteRolePolicy>(&DeleteRolePolicyRequest { role_name: role_name(), policy_name })
            .await?;
    }
    Ok(())
}
