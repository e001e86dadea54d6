//! `muster admin user`.

use super::{ago, key, policy, print_json, table};
use crate::{Failure, account::Connection, client::Client, nodes::Output};
use muster_iam_api::{
    AddUserToGroup, AddUserToGroupRequest, AttachUserPolicy, AttachUserPolicyRequest, CreateUser,
    CreateUserRequest, DeleteAccessKey, DeleteAccessKeyRequest, DeleteUser, DeleteUserPolicy,
    DeleteUserPolicyRequest, DeleteUserRequest, DetachUserPolicy, DetachUserPolicyRequest, ListAccessKeys,
    ListAccessKeysRequest, ListAttachedUserPolicies, ListAttachedUserPoliciesRequest, ListGroupsForUser,
    ListGroupsForUserRequest, ListUserPolicies, ListUserPoliciesRequest, ListUsers, ListUsersRequest,
    RemoveUserFromGroup, RemoveUserFromGroupRequest, User,
};
use std::process::ExitCode;

/// IAM users.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum UserCommand {
    /// Make a user
    Create {
        /// Its name
        name: String,
        /// A policy to attach, by name or ARN; may be given several times
        #[arg(long, value_name = "POLICY")]
        policy: Vec<String>,
        /// A group to join; may be given several times
        #[arg(long, value_name = "NAME")]
        group: Vec<String>,
        /// Make an access key as well, and print it
        #[arg(long)]
        key: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// List the users
    List {
        /// How to print
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
        #[command(flatten)]
        connection: Connection,
    },
    /// Show a user's groups, policies and keys
    Show {
        /// Its name
        name: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Delete a user
    Delete {
        /// Its name
        name: String,
        /// With its keys, policies and memberships, which else keep it
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        connection: Connection,
    },
}

pub(super) async fn run(command: &UserCommand) -> Result<ExitCode, Failure> {
    match command {
        UserCommand::Create { name, policy, group, key, connection } => {
            create(&connection.client()?, name, policy, group, *key).await?;
        }
        UserCommand::List { output, connection } => list(&connection.client()?, *output).await?,
        UserCommand::Show { name, connection } => show(&connection.client()?, name).await?,
        UserCommand::Delete { name, force, connection } => {
            let client = connection.client()?;
            if *force {
                strip(&client, name).await?;
            }
            client.call::<DeleteUser>(&DeleteUserRequest { user_name: name.clone() }).await?;
            eprintln!("deleted {name}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(
    client: &Client,
    name: &str,
    policies: &[String],
    groups: &[String],
    with_key: bool,
) -> Result<(), Failure> {
    let user_name = name.to_owned();
    // All policies are found before anything is made.
    let mut arns = Vec::new();
    for policy in policies {
        arns.push(policy::arn(client, policy).await?);
    }
    let request = CreateUserRequest { user_name: user_name.clone(), ..Default::default() };
    let user = client.call::<CreateUser>(&request).await?.user.unwrap_or_default();
    eprintln!("made {}", user.arn);
    for policy_arn in arns {
        let request = AttachUserPolicyRequest { user_name: user_name.clone(), policy_arn };
        client.call::<AttachUserPolicy>(&request).await?;
    }
    for group in groups {
        let request = AddUserToGroupRequest { group_name: group.clone(), user_name: user_name.clone() };
        client.call::<AddUserToGroup>(&request).await?;
    }
    if with_key {
        key::print(&key::create(client, Some(user_name)).await?, Output::Table)?;
    }
    Ok(())
}

async fn list(client: &Client, output: Output) -> Result<(), Failure> {
    let (mut request, mut all): (_, Vec<User>) = (ListUsersRequest::default(), Vec::new());
    loop {
        let page = client.call::<ListUsers>(&request).await?;
        all.extend(page.users);
        request.marker = page.marker;
        if request.marker.is_none() {
            break;
        }
    }
    if output == Output::Json {
        return print_json(&all);
    }
    let mut table = table(["USER", "PATH", "ID", "MADE"]);
    for user in all {
        table.add_row([user.user_name, user.path, user.user_id, ago(Some(user.create_date))]);
    }
    println!("{table}");
    Ok(())
}

/// What hangs on a user.
struct Belongings {
    groups: Vec<String>,
    attached: Vec<(String, String)>,
    inline: Vec<String>,
    keys: Vec<(String, String)>,
}

/// A user may have no more of each than one page holds.
async fn belongings(client: &Client, name: &str) -> Result<Belongings, Failure> {
    let user_name = name.to_owned();
    let groups = ListGroupsForUserRequest { user_name: user_name.clone(), ..Default::default() };
    let attached = ListAttachedUserPoliciesRequest { user_name: user_name.clone(), ..Default::default() };
    let inline = ListUserPoliciesRequest { user_name: user_name.clone(), ..Default::default() };
    let keys = ListAccessKeysRequest { user_name: Some(user_name), ..Default::default() };
    let groups = client.call::<ListGroupsForUser>(&groups).await?.groups;
    let attached =
        client.call::<ListAttachedUserPolicies>(&attached).await?.attached_policies.unwrap_or_default();
    let keys = client.call::<ListAccessKeys>(&keys).await?.access_key_metadata;
    Ok(Belongings {
        groups: groups.into_iter().map(|group| group.group_name).collect(),
        attached: attached
            .into_iter()
            .map(|policy| (policy.policy_name.unwrap_or_default(), policy.policy_arn.unwrap_or_default()))
            .collect(),
        inline: client.call::<ListUserPolicies>(&inline).await?.policy_names,
        keys: keys
            .into_iter()
            .map(|key| {
                let status = key.status.map(|status| status.to_string());
                (key.access_key_id.unwrap_or_default(), status.unwrap_or_default())
            })
            .collect(),
    })
}

async fn show(client: &Client, name: &str) -> Result<(), Failure> {
    let Belongings { groups, attached, inline, keys } = belongings(client, name).await?;
    let mut table = table(["WHAT", "NAME", ""]);
    for group in groups {
        table.add_row(["group", &group, ""]);
    }
    for (name, arn) in attached {
        table.add_row(["policy", &name, &arn]);
    }
    for name in inline {
        table.add_row(["policy", &name, "inline"]);
    }
    for (id, status) in keys {
        table.add_row(["key", &id, &status]);
    }
    println!("{table}");
    Ok(())
}

/// Takes from a user what keeps it from being deleted.
async fn strip(client: &Client, name: &str) -> Result<(), Failure> {
    let user_name = || name.to_owned();
    let Belongings { groups, attached, inline, keys } = belongings(client, name).await?;
    for (access_key_id, _) in keys {
        let request = DeleteAccessKeyRequest { access_key_id, user_name: Some(user_name()) };
        client.call::<DeleteAccessKey>(&request).await?;
    }
    for (_, policy_arn) in attached {
        client
            .call::<DetachUserPolicy>(&DetachUserPolicyRequest { user_name: user_name(), policy_arn })
            .await?;
    }
    for policy_name in inline {
        client
            .call::<DeleteUserPolicy>(&DeleteUserPolicyRequest { user_name: user_name(), policy_name })
            .await?;
    }
    for group_name in groups {
        let request = RemoveUserFromGroupRequest { group_name, user_name: user_name() };
        client.call::<RemoveUserFromGroup>(&request).await?;
    }
    Ok(())
}
