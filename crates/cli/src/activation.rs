//! `muster activation`: the id and code with which machines join.

use crate::{
    Failure,
    account::Connection,
    clock,
    nodes::{Output, parse_tag},
};
use comfy_table::{Table, presets};
use muster_service_model::Timestamp;
use muster_ssm_api::{
    Activation, CreateActivation, CreateActivationRequest, DeleteActivation, DeleteActivationRequest,
    DescribeActivations, DescribeActivationsRequest, Tag,
};
use std::process::ExitCode;

/// The role that nodes get when none is named: every account has it, by the name that AWS gives to it.
pub(crate) const DEFAULT_ROLE: &str = "service-role/AmazonEC2RunCommandRoleForManagedInstances";

/// Let machines join: activations.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ActivationCommand {
    /// Make an activation and print how to join with it
    Create(CreateArgs),
    /// Delete an activation; nodes that joined with it stay
    Delete {
        /// Its id
        id: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// List the activations
    List {
        /// How to print
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
        #[command(flatten)]
        connection: Connection,
    },
}

/// Make an activation.
#[derive(Debug, clap::Args)]
pub(crate) struct CreateArgs {
    /// The name that nodes get
    #[arg(long)]
    name: Option<String>,
    /// How many machines may join with it
    #[arg(long, default_value_t = 1, value_name = "N")]
    limit: i32,
    /// For how long, as 30m, 12h or 7d
    #[arg(long, default_value = "24h", value_name = "TIME", value_parser = parse_time)]
    expires: i64,
    /// A tag that nodes get; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_tag)]
    tag: Vec<(String, String)>,
    /// The IAM role that nodes get
    #[arg(long, default_value = DEFAULT_ROLE)]
    role: String,
    /// How to print
    #[arg(long, short, value_enum, default_value_t)]
    output: Output,
    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(command: &ActivationCommand) -> Result<ExitCode, Failure> {
    match command {
        ActivationCommand::Create(args) => create(args).await?,
        ActivationCommand::Delete { id, connection } => {
            let request = DeleteActivationRequest { activation_id: id.clone() };
            connection.client()?.call::<DeleteActivation>(&request).await?;
        }
        ActivationCommand::List { output, connection } => list(*output, connection).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(args: &CreateArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    let tags: Vec<_> =
        args.tag.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect();
    let request = CreateActivationRequest {
        default_instance_name: args.name.clone(),
        iam_role: args.role.clone(),
        registration_limit: Some(args.limit),
        expiration_date: Some(Timestamp(clock::now_ms() + args.expires)),
        tags: (!tags.is_empty()).then_some(tags),
        ..Default::default()
    };
    let answer = client.call::<CreateActivation>(&request).await?;
    if args.output == Output::Json {
        return print_json(&answer);
    }
    let id = answer.activation_id.unwrap_or_default();
    let code = answer.activation_code.unwrap_or_default();
    let code = code.expose();
    println!("Activation ID    {id}");
    println!("Activation code  {code}   (not shown again)");
    println!();
    println!("On the machine that shall join:");
    // The code in the environment: arguments are for all users of a machine to see.
    println!("  export MUSTER_ACTIVATION_CODE={code}");
    println!(
        "  muster-agent register --endpoint {} --region {} --activation-id {id}",
        client.endpoint(),
        client.region()
    );
    println!("  muster-agent run");
    Ok(())
}

async fn list(output: Output, connection: &Connection) -> Result<(), Failure> {
    let client = connection.client()?;
    let mut request = DescribeActivationsRequest { max_results: Some(50), ..Default::default() };
    let mut all: Vec<Activation> = Vec::new();
    loop {
        let page = client.call::<DescribeActivations>(&request).await?;
        all.extend(page.activation_list.unwrap_or_default());
        request.next_token = page.next_token.filter(|token| !token.is_empty());
        if request.next_token.is_none() {
            break;
        }
    }
    if output == Output::Json {
        return print_json(&all);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["ACTIVATION", "NAME", "USED", "STATE"]);
    for activation in all {
        let used = format!(
            "{} of {}",
            activation.registrations_count.unwrap_or_default(),
            activation.registration_limit.unwrap_or_default()
        );
        let state = if activation.expired == Some(true) { "expired" } else { "valid" };
        table.add_row([
            activation.activation_id.unwrap_or_default(),
            activation.default_instance_name.unwrap_or_default(),
            used,
            state.to_owned(),
        ]);
    }
    println!("{table}");
    Ok(())
}

fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::other(error.to_string()))?;
    println!("{text}");
    Ok(())
}

/// `30m`, `12h`, `7d` in milliseconds.
fn parse_time(text: &str) -> Result<i64, String> {
    let wrong = || "use a number and a unit: 30m, 12h, 7d".to_owned();
    let (unit_at, unit) = text.char_indices().last().ok_or_else(wrong)?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: i64 = text[..unit_at].parse().map_err(|_| wrong())?;
    number.checked_mul(factor * 1000).filter(|time| *time > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(parse_time("90s"), Ok(90_000));
        assert_eq!(parse_time("7d"), Ok(7 * 86_400_000));
        for wrong in ["", "7", "d", "7w", "-1h", "9999999999999999d", "1ä"] {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
    }
}
