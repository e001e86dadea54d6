//! Measures durable writes and point reads per second: `cargo run --release -p muster-store --example throughput --
//! [DATABASE-URL]`. Without an address it uses a SQLite file in a temporary folder. Makes a table `throughput` and drops it.

#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use muster_store::{Batch, DatabaseUrl, Db, Expect, OpenOptions, StoreError, params};
use std::time::{Duration, Instant};

const TIME: Duration = Duration::from_secs(3);
/// Rows that the reads choose from.
const ROWS: u64 = 50_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let url = match std::env::args().nth(1) {
        Some(url) => DatabaseUrl::parse(&url)?,
        None => DatabaseUrl::Sqlite(folder.path().join("throughput.db")),
    };
    let db = Db::open(OpenOptions::new(url)).await?;
    let table = "CREATE TABLE throughput (id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL)";
    db.write(Batch::of(table, vec![], Expect::Any)).await?;
    let result = measure(&db).await;
    db.write(Batch::of("DROP TABLE throughput", vec![], Expect::Any)).await?;
    db.close().await;
    result
}

async fn measure(db: &Db) -> Result<(), Box<dyn std::error::Error>> {
    println!("{}, rows of 300 bytes", db.engine_name());
    let body = "x".repeat(300);
    let mut fill = Batch::new();
    for id in 0..ROWS {
        fill.append(insert(format!("row {id}"), &body));
    }
    db.write(fill).await?;
    for tasks in [1, 64, 512] {
        let (db, body) = (db.clone(), body.clone());
        let per_second = run(tasks, move |task, turn| {
            let (db, body) = (db.clone(), body.clone());
            async move { db.write(insert(format!("{tasks} {task} {turn}"), &body)).await.map(drop) }
        });
        println!("{:>9.0} durable writes/s, {tasks} tasks", per_second.await?);
    }
    for tasks in [1, 16] {
        let db = db.clone();
        let per_second = run(tasks, move |task, turn| {
            let db = db.clone();
            let id = format!("row {}", (task * 7919 + turn * 104_729) % ROWS);
            async move { db.read("SELECT body FROM throughput WHERE id = ?1", params![id]).await.map(drop) }
        });
        println!("{:>9.0} reads by key/s, {tasks} tasks", per_second.await?);
    }
    Ok(())
}

fn insert(id: String, body: &str) -> Batch {
    Batch::of("INSERT INTO throughput (id, body) VALUES (?1, ?2)", params![id, body], Expect::Exactly(1))
}

/// Calls `work(task, turn)` in that many tasks for a while; gives calls per second.
async fn run<W, R>(tasks: u64, work: W) -> Result<f64, Box<dyn std::error::Error>>
where
    W: Fn(u64, u64) -> R + Clone + Send + 'static,
    R: Future<Output = Result<(), StoreError>> + Send,
{
    let start = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|task| {
            let work = work.clone();
            tokio::spawn(async move {
                let mut turn = 0;
                while start.elapsed() < TIME {
                    work(task, turn).await?;
                    turn += 1;
                }
                Ok::<u64, StoreError>(turn)
            })
        })
        .collect();
    let mut calls = 0;
    for task in running {
        calls += task.await??;
    }
    Ok(calls as f64 / start.elapsed().as_secs_f64())
}
