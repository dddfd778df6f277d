//! The same scan here and by a service, in turns.

use std::{fs, path::Path, process::Command, time::Duration};

use crate::{
    Result,
    programs::{Programs, run},
    upload,
};

struct Pair {
    local: Duration,
    remote: Duration,
    upload: Duration,
}

/// Scans a file into an empty graph, with its files written, once here and once there for each pair.
#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
pub(crate) fn measure(programs: &Programs, file: &Path, tenant: &str, pairs: usize) -> Result<()> {
    println!(
        "{:>6} {:>10} {:>10} {:>11} {:>8} {:>10}",
        "pair", "local s", "remote s", "more ms", "more %", "upload s"
    );
    let mut all = Vec::new();
    for number in 0..pairs {
        let (mut local, mut remote) = (Duration::ZERO, (Duration::ZERO, Duration::ZERO));
        // Whoever comes second finds the file in memory, and a warmer machine.
        for turn in 0..2 {
            if turn == number % 2 {
                local = here(programs, file, tenant)?;
            } else {
                remote = there(programs, file, tenant)?;
            }
        }
        let pair = Pair {
            local,
            remote: remote.0,
            upload: remote.1,
        };
        row(&(number + 1).to_string(), &pair);
        all.push(pair);
    }
    let middle = |pick: fn(&Pair) -> Duration| {
        let mut values: Vec<_> = all.iter().map(pick).collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    let median = Pair {
        local: middle(|pair| pair.local),
        remote: middle(|pair| pair.remote),
        upload: middle(|pair| pair.upload),
    };
    row("median", &median);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
fn row(name: &str, pair: &Pair) {
    let (local, remote) = (pair.local.as_secs_f64(), pair.remote.as_secs_f64());
    println!(
        "{name:>6} {local:>10.3} {remote:>10.3} {:>11.1} {:>8.2} {:>10.3}",
        (remote - local) * 1e3,
        (remote / local - 1.0) * 100.0,
        pair.upload.as_secs_f64()
    );
}

fn here(programs: &Programs, file: &Path, tenant: &str) -> Result<Duration> {
    let place = programs.place.join("local");
    let ran = run(scan(
        &mut programs.local(&place.join("data")),
        file,
        tenant,
        &place,
    ))?;
    fs::remove_dir_all(&place)?;
    Ok(ran.time)
}

/// The scan's time, and that of the upload before it.
fn there(programs: &Programs, file: &Path, tenant: &str) -> Result<(Duration, Duration)> {
    let place = programs.place.join("remote");
    let mut service = programs.serve(place.join("service"))?;
    let upload = upload::send(&service, file)?;
    let address = service.server.address();
    let ran = run(scan(
        &mut programs.remote(&service, address),
        file,
        tenant,
        &place,
    ))?;
    service.server.check()?;
    drop(service);
    fs::remove_dir_all(&place)?;
    Ok((ran.time, upload))
}

fn scan<'c>(atg: &'c mut Command, file: &Path, tenant: &str, place: &Path) -> &'c mut Command {
    atg.arg("scan")
        .arg("--from")
        .arg(file)
        .args(["--tenant-id", tenant, "--output-dir"])
        .arg(place.join("files"))
}
