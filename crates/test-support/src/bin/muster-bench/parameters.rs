//! Parameter Store under load, beside what else people keep configuration in: moto_server (in memory, checks no
//! signature) and etcd (durable, no signature, its JSON gateway), each on the same two cores in the same run.

use crate::{
    Result, Setting,
    load::{self, Load, Requests, Until},
    peers::{Etcd, Moto},
    process::{REGION, ServerProcess, Usage},
    result::{Row, percentile},
};
use muster_protocol::signing::{
    Request,
    sigv4::{Credentials, PathEncoding, payload_hash, sign},
};
use muster_test_support::TimeSource;
use serde_json::{Value, json};
use std::{fs, net::SocketAddr, sync::Arc, time::Duration};

const CONNECTIONS: usize = 16;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURE: Duration = Duration::from_secs(5);
/// Requests that are laid out for one load; they are sent again when they are used up.
const LAID_OUT: usize = 40_000;
/// Parameters of one branch of the tree.
const BRANCH: usize = 1000;
/// For filling: 16 connections would wait for the disk.
const FILL_CONNECTIONS: usize = 128;

/// Whose API is called, and by whom.
struct Target<'a> {
    authority: String,
    address: SocketAddr,
    credentials: &'a Credentials,
}

pub(crate) async fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let parameters = setting.parameters.unwrap_or(100_000);
    let server = ServerProcess::start_with(setting, false, &["--config", &unlimited(setting)?]).await?;
    let authority = server.url.trim_start_matches("http://").to_owned();
    let target = Target { address: authority.parse()?, authority, credentials: server.client.credentials() };
    let mut rows = Vec::new();

    // A tenth of them first: what does ten times the number cost?
    let tenth = parameters / 10;
    target.fill(0..tenth).await?;
    let small = target.load("GetParameter", |index| json!({ "Name": name(index % tenth) })).await?;
    let filling = target.fill(tenth..parameters).await?;
    rows.push(Row::new(
        format!("filling: PutParameter, {FILL_CONNECTIONS} connections"),
        filling.rate(),
        "/s",
    ));
    for index in 0..BRANCH {
        let secret =
            json!({ "Name": format!("/secret/{index}"), "Value": value(index), "Type": "SecureString" });
        server.client.call("ssm", "PutParameter", secret).await?;
    }

    let cost = |before: Usage, after: Usage, load: &Load| {
        (after.cpu_ms - before.cpu_ms) * 1000.0 / load.times.len() as f64
    };
    let mut report = |what: &str, load: &Load, cost: f64, target: f64| {
        rows.push(Row::new(what, load.rate(), "/s").above(target));
        rows.push(Row::new(format!("{what}: p50"), percentile(&load.times, 0.5), "ms"));
        let slowest = Row::new(format!("{what}: p99"), percentile(&load.times, 0.99), "ms");
        // What is written waits for the disk.
        rows.push(if what.starts_with("Put") { slowest } else { slowest.below(5.0) });
        rows.push(Row::new(format!("{what}: server's processor time per call"), cost, "us"));
    };
    let usage = || Usage::of(server.process.pid());

    let before = usage()?;
    let large =
        target.load("GetParameter", |index| json!({ "Name": name(spread(index, parameters)) })).await?;
    report(&format!("GetParameter among {parameters}"), &large, cost(before, usage()?, &large), 15_000.0);

    let before = usage()?;
    let secret =
        |index: usize| json!({ "Name": format!("/secret/{}", index % BRANCH), "WithDecryption": true });
    let load = target.load("GetParameter", secret).await?;
    report("GetParameter of a SecureString, decrypted", &load, cost(before, usage()?, &load), 12_000.0);

    let before = usage()?;
    let put = |index: usize| json!({ "Name": name(spread(index, parameters)), "Value": value(index), "Type": "String", "Overwrite": true });
    let load = target.load("PutParameter", put).await?;
    report("PutParameter, durable", &load, cost(before, usage()?, &load), 6_000.0);

    let page = |_| json!({ "Path": "/bench/7", "Recursive": true, "MaxResults": 10 });
    let load = target.load_on(1, "GetParametersByPath", page).await?;
    rows.push(
        Row::new(
            "GetParametersByPath, first page of a branch of 1,000: p50",
            percentile(&load.times, 0.5),
            "ms",
        )
        .below(3.0),
    );
    let ratio = small.rate() / large.rate();
    rows.push(Row::new(format!("GetParameter: cost among {parameters} over {tenth}"), ratio, "x").below(1.5));
    rows.push(Row::new("server's memory", usage()?.resident_kb / 1024.0, "MiB"));
    server.stop().await?;

    rows.extend(moto(setting).await?);
    rows.extend(etcd(setting, parameters).await?);
    Ok(rows)
}

impl Target<'_> {
    async fn fill(&self, indices: std::ops::Range<usize>) -> Result<Load> {
        let mut whole = Load { times: Vec::new(), took: Duration::ZERO };
        let indices: Vec<usize> = indices.collect();
        for part in indices.chunks(LAID_OUT) {
            let input =
                |index: usize| json!({ "Name": name(index), "Value": value(index), "Type": "String" });
            let requests = part.iter().map(|index| self.request("PutParameter", &input(*index))).collect();
            let load = load::run(self.address, FILL_CONNECTIONS, Arc::new(requests), Until::Done).await?;
            whole.times.extend(load.times);
            whole.took += load.took;
        }
        Ok(whole)
    }

    async fn load(&self, operation: &str, input: impl Fn(usize) -> Value) -> Result<Load> {
        self.load_on(CONNECTIONS, operation, input).await
    }

    async fn load_on(
        &self,
        connections: usize,
        operation: &str,
        input: impl Fn(usize) -> Value,
    ) -> Result<Load> {
        let requests: Requests =
            Arc::new((0..LAID_OUT).map(|index| self.request(operation, &input(index))).collect());
        load::run(self.address, connections, Arc::clone(&requests), Until::Elapsed(WARM_UP)).await?;
        load::run(self.address, connections, requests, Until::Elapsed(MEASURE)).await
    }

    /// A signed request, laid out.
    fn request(&self, operation: &str, input: &Value) -> Vec<u8> {
        let body = input.to_string();
        let target = format!("AmazonSSM.{operation}");
        let head = [
            ("host", self.authority.as_str()),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", &target),
        ];
        let signed = sign(
            &Request::new("POST", "/", "", head),
            PathEncoding::Double,
            &payload_hash(body.as_bytes()),
            self.credentials,
            REGION,
            "ssm",
            TimeSource::system().now_ms(),
        );
        let mut text = String::from("POST / HTTP/1.1\r\n");
        for (name, value) in
            head.into_iter().chain(signed.iter().map(|(name, value)| (*name, value.as_str())))
        {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        text.into_bytes()
    }
}

/// The same calls to moto_server. Few parameters: it searches them one by one.
async fn moto(setting: &Setting) -> Result<Vec<Row>> {
    let Some(moto) = Moto::start(setting).await? else { return Ok(Vec::new()) };
    let credentials = Credentials::new("AKIAMOTO", "moto", None);
    let target =
        Target { authority: moto.address.to_string(), address: moto.address, credentials: &credentials };
    let put = |index: usize| json!({ "Name": name(index % BRANCH), "Value": value(index), "Type": "String", "Overwrite": true });
    let load = target.load("PutParameter", put).await?;
    let mut rows =
        vec![Row::new("moto_server (memory, no signature check): PutParameter", load.rate(), "/s")];
    let load = target.load("GetParameter", |index| json!({ "Name": name(index % BRANCH) })).await?;
    rows.push(Row::new(format!("moto_server among {BRANCH}: GetParameter"), load.rate(), "/s"));
    rows.push(Row::new("moto_server: GetParameter, p99", percentile(&load.times, 0.99), "ms"));
    moto.process.stop().await?;
    Ok(rows)
}

/// The same keys and values in etcd, over its JSON gateway.
async fn etcd(setting: &Setting, parameters: usize) -> Result<Vec<Row>> {
    let Some(etcd) = Etcd::start(setting).await? else { return Ok(Vec::new()) };
    let requests = |path: &str, body: &dyn Fn(usize) -> Value, count: usize| -> Requests {
        let lay_out = |index| {
            let body = body(index).to_string();
            let (address, length) = (etcd.address, body.len());
            format!("POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\n\r\n{body}")
                .into_bytes()
        };
        Arc::new((0..count).map(lay_out).collect())
    };
    let encode = |text: &str| Etcd::encode(text);
    let put = |index: usize| json!({ "key": encode(&name(index)), "value": encode(&value(index)) });
    let filling = requests("/v3/kv/put", &put, parameters);
    load::run(etcd.address, FILL_CONNECTIONS, filling, Until::Done).await?;
    let mut rows = Vec::new();
    for (what, path, body) in [
        (
            "GET (range)",
            "/v3/kv/range",
            &(|index: usize| json!({ "key": encode(&name(spread(index, parameters))) }))
                as &dyn Fn(usize) -> Value,
        ),
        ("PUT, durable", "/v3/kv/put", &|index: usize| put(spread(index, parameters))),
    ] {
        let load =
            load::run(etcd.address, CONNECTIONS, requests(path, body, LAID_OUT), Until::Elapsed(MEASURE))
                .await?;
        rows.push(Row::new(
            format!("etcd (no signature, no policy) among {parameters}: {what}"),
            load.rate(),
            "/s",
        ));
        rows.push(Row::new(format!("etcd: {what}, p99"), percentile(&load.times, 0.99), "ms"));
    }
    etcd.process.stop().await?;
    Ok(rows)
}

/// More parameters than AWS allows.
fn unlimited(setting: &Setting) -> Result<String> {
    let path = setting.output.join("parameters.toml");
    fs::write(&path, "[limits]\nstandard_parameters = 100000000\n")?;
    Ok(path.display().to_string())
}

/// `/bench/<branch>/<leaf>`, a thousand leaves to a branch.
fn name(index: usize) -> String {
    format!("/bench/{}/parameter-{}", index / BRANCH, index % BRANCH)
}

fn value(index: usize) -> String {
    format!("postgres://user-{index}@database.internal:5432/application?sslmode=verify-full")
}

/// Indices all over the range, in an order that no cache can guess.
const fn spread(index: usize, range: usize) -> usize {
    index.wrapping_mul(0x9E37_79B1) % range
}
