//! `muster nodes`: which machines there are, and whether they can be reached.

use crate::{Failure, account::Connection, client::Client, clock};
use comfy_table::{Table, presets};
use muster_ssm_api::{
    DescribeInstanceInformation, DescribeInstanceInformationRequest, InstanceInformation,
    InstanceInformationStringFilter,
};
use std::process::ExitCode;

/// List the managed nodes.
#[derive(Debug, clap::Args)]
pub(crate) struct NodesArgs {
    /// Only nodes with this tag; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_tag)]
    tag: Vec<(String, String)>,
    /// Only nodes with this ping status: Online, ConnectionLost
    #[arg(long, value_name = "STATUS", conflicts_with = "tag")]
    status: Option<String>,
    /// How to print
    #[arg(long, short, value_enum, default_value_t)]
    output: Output,
    #[command(flatten)]
    connection: Connection,
}

/// How to print a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// For people
    #[default]
    Table,
    /// For programs: the API's own form
    Json,
}

/// `KEY=VALUE` of a tag.
pub(crate) fn parse_tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("use KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

pub(crate) async fn run(args: &NodesArgs) -> Result<ExitCode, Failure> {
    let client = args.connection.client()?;
    let filter =
        |key: String, value: &str| InstanceInformationStringFilter { key, values: vec![value.to_owned()] };
    let mut filters: Vec<_> =
        args.tag.iter().map(|(key, value)| filter(format!("tag:{key}"), value)).collect();
    filters.extend(args.status.iter().map(|status| filter("PingStatus".to_owned(), status)));
    let nodes = list(&client, filters).await?;
    match args.output {
        Output::Json => {
            let text =
                serde_json::to_string_pretty(&nodes).map_err(|error| Failure::other(error.to_string()))?;
            println!("{text}");
        }
        Output::Table if nodes.is_empty() => {
            eprintln!("no nodes; `muster activation create` lets a machine join");
        }
        Output::Table => println!("{}", table(&nodes, clock::now_ms())),
    }
    Ok(ExitCode::SUCCESS)
}

/// All nodes that pass the filters.
pub(crate) async fn list(
    client: &Client,
    filters: Vec<InstanceInformationStringFilter>,
) -> Result<Vec<InstanceInformation>, Failure> {
    let mut request = DescribeInstanceInformationRequest { max_results: Some(50), ..Default::default() };
    request.filters = (!filters.is_empty()).then_some(filters);
    let mut nodes = Vec::new();
    loop {
        let page = client.call::<DescribeInstanceInformation>(&request).await?;
        nodes.extend(page.instance_information_list.unwrap_or_default());
        request.next_token = page.next_token.filter(|token| !token.is_empty());
        if request.next_token.is_none() {
            return Ok(nodes);
        }
    }
}

fn table(nodes: &[InstanceInformation], now_ms: i64) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["NODE", "STATUS", "NAME", "HOST", "ADDRESS", "PLATFORM", "AGENT", "LAST SEEN"]);
    for node in nodes {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let seen = node.last_ping_date_time.map_or_else(String::new, |time| ago(now_ms - time.as_millis()));
        table.add_row([
            text(&node.instance_id),
            node.ping_status.map_or("", |status| status.as_str()).to_owned(),
            text(&node.name),
            text(&node.computer_name),
            node.ip_address.as_ref().map_or("", |address| address.expose()).to_owned(),
            format!("{} {}", text(&node.platform_name), text(&node.platform_version)),
            text(&node.agent_version),
            seen,
        ]);
    }
    table
}

pub(crate) fn ago(elapsed_ms: i64) -> String {
    let seconds = elapsed_ms.max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_ssm_api::PingStatus;

    #[test]
    fn tags_need_a_value() {
        assert_eq!(parse_tag("env=prod=1"), Ok(("env".into(), "prod=1".into())));
        assert!(parse_tag("env").is_err());
    }

    #[test]
    fn a_table_has_a_line_a_node() {
        let node = InstanceInformation {
            instance_id: Some("mi-0123456789abcdef0".into()),
            ping_status: Some(PingStatus::Online),
            last_ping_date_time: Some(muster_service_model::Timestamp(0)),
            ..Default::default()
        };
        let text = table(&[node], 125_000).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[1].contains("mi-0123456789abcdef0") && lines[1].contains("2 min ago"), "{text}");
    }
}
