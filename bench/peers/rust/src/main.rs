// SPDX-License-Identifier: Apache-2.0
//! peer HOST PORT seq|conc|hold N: the schema as the scylla crate models it. What is printed and
//! what is measured: ../../README.md. PEER_NOWALK=1: the driver's work alone.
mod model;
mod proc;

use model::Counts;
use scylla::client::PoolSize;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use std::error::Error;
use std::io::Write;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::{Duration, Instant};

type Failure = Box<dyn Error + Send + Sync>;

const TIMEOUT: Duration = Duration::from_secs(120);

/// Reads one cluster; the session comes back with what was found.
async fn crawl(address: String) -> Result<(Session, Counts), Failure> {
    let session = SessionBuilder::new()
        .known_node(address)
        .fetch_schema_metadata(true)
        .pool_size(PoolSize::PerHost(NonZeroUsize::MIN))
        .connection_timeout(TIMEOUT)
        .build()
        .await?;
    let mut found = Counts::default();
    if std::env::var_os("PEER_NOWALK").is_none() {
        let mut text = serde_json::to_vec(&model::of(&session, &mut found))?;
        text.push(b'\n');
        std::io::stdout().lock().write_all(&text)?;
    }
    Ok((session, found))
}

async fn run(address: String, port: u16, mode: &str, n: usize) -> Result<(), Failure> {
    let mut kept = Vec::new();
    let mut found = Counts::default();
    let started = Instant::now();
    if mode == "seq" {
        for _ in 0..n {
            found = crawl(address.clone()).await?.1;
        }
    } else {
        let hold = mode == "hold";
        let tasks: Vec<_> = (0..n)
            .map(|_| {
                let address = address.clone();
                tokio::spawn(
                    async move { crawl(address).await.map(|(s, c)| (hold.then_some(s), c)) },
                )
            })
            .collect();
        for task in tasks {
            let (session, one) = task.await??;
            found = one;
            kept.extend(session);
        }
    }
    let wall = started.elapsed().as_secs_f64();
    if mode == "hold" {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    eprintln!("PEER {}", proc::report(mode, n, wall, port, &found));
    drop(kept);
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, mode, n] = words.as_slice() else {
        return usage();
    };
    let (Ok(port), Ok(n @ 1..)) = (port.parse(), n.parse()) else {
        return usage();
    };
    if !["seq", "conc", "hold"].contains(&mode.as_str()) {
        return usage();
    }
    match run(format!("{host}:{port}"), port, mode, n).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: peer HOST PORT seq|conc|hold N");
    ExitCode::from(2)
}
