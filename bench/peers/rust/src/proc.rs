// SPDX-License-Identifier: Apache-2.0
//! What the process says of itself, read from getrusage and /proc.
use crate::model::Counts;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs;

/// One number of /proc/self/status: KB, or threads.
fn status(key: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(key));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}

fn own_sockets() -> HashSet<String> {
    let mut found = HashSet::new();
    for entry in fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten()
    {
        let target = fs::read_link(entry.path()).unwrap_or_default();
        let target = target.to_string_lossy();
        if let Some(rest) = target.strip_prefix("socket:[") {
            found.insert(rest.trim_end_matches(']').to_string());
        }
    }
    found
}

/// Established connections of this process to that port.
fn connections(port: u16) -> usize {
    let (mine, suffix) = (own_sockets(), format!(":{port:04X}"));
    let is_ours = |line: &str| {
        let part: Vec<&str> = line.split_whitespace().collect();
        part.len() > 9 && part[2].ends_with(&suffix) && part[3] == "01" && mine.contains(part[9])
    };
    ["/proc/self/net/tcp", "/proc/self/net/tcp6"]
        .iter()
        .map(|name| fs::read_to_string(name).unwrap_or_default())
        .map(|text| text.lines().filter(|line| is_ours(line)).count())
        .sum()
}

fn seconds(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 / 1e6
}

fn cpu() -> f64 {
    // SAFETY: an all-zero rusage is a valid one, and getrusage writes no more than that.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

pub fn report(mode: &str, n: usize, wall: f64, port: u16, found: &Counts) -> Value {
    json!({"peer": "scylla-rust", "mode": mode, "n": n, "wall": wall, "cpu": cpu(),
           "hwm_kb": status("VmHWM:"), "rss_kb": status("VmRSS:"), "threads": status("Threads:"),
           "conns": connections(port), "keyspaces": found.keyspaces, "tables": found.tables,
           "columns": found.columns, "indexes": 0, "views": found.views, "types": found.types,
           "functions": 0, "aggregates": 0})
}
