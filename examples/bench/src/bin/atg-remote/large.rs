//! A large input up and a large artifact down, each once without and once with a connection that breaks in the middle.

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::Path,
    process::Command,
    time::Duration,
};

use atg_bench::Process;

use crate::{
    Result,
    programs::{Programs, Ran, Service, run},
    proxy::Proxy,
    upload,
};

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const CHARACTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
/// Bytes of each resource, most of which chance has chosen.
const RESOURCE: usize = 64 << 10;

#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
pub(crate) fn measure(programs: &Programs, megabytes: u64) -> Result<()> {
    let input = programs.place.join("large.jsonl");
    generate(&input, megabytes * 1_000_000)?;
    let bytes = fs::metadata(&input)?.len();
    println!(
        "{:<44} {:>8} {:>8} {:>8} {:>10} {:>10}",
        "", "MB", "s", "MB/s", "client MB", "server MB"
    );

    // The digest of a scan's input is what the service verifies: an input that is not what it should be is no input.
    let service = programs.serve(programs.place.join("broken"))?;
    let proxy = Proxy::start(service.server.address(), bytes / 2)?;
    let ran = up(programs, &service, &proxy, &input)?;
    row(
        "up and scanned, broken off in the middle",
        bytes,
        ran,
        service.server.process(),
    );
    require(proxy.broke(), "no connection broke")?;
    let directory = service.directory.clone();
    drop(service);
    fs::remove_dir_all(&directory)?;

    let service = programs.serve(programs.place.join("whole"))?;
    let idle = service.server.process().peak_bytes();
    let time = upload::send(&service, &input)?;
    let ran = Ran { time, peak: None };
    row("up", bytes, ran, service.server.process());
    let address = service.server.address();
    let ran = run(&mut scan(programs.remote(&service, address), &input))?;
    row("scanned, sent before", bytes, ran, service.server.process());
    fs::remove_file(&input)?;

    let file = programs.place.join("export.jsonl.zst");
    let first = {
        let ran = run(&mut export(programs.remote(&service, address), &file))?;
        let bytes = fs::metadata(&file)?.len();
        row("exported and down", bytes, ran, service.server.process());
        let digest = upload::digest(&file)?;
        fs::remove_file(&file)?;
        (bytes, digest)
    };
    let proxy = Proxy::start(address, first.0 / 2)?;
    let ran = run(&mut export(programs.remote(&service, proxy.address), &file))?;
    let second = (fs::metadata(&file)?.len(), upload::digest(&file)?);
    row(
        "exported and down, broken off in the middle",
        second.0,
        ran,
        service.server.process(),
    );
    require(proxy.broke(), "no connection broke")?;
    require(
        first == second,
        "the file is another one after the connection broke",
    )?;
    println!(
        "sha256 {} both times; the server had {} when it was started",
        first.1,
        megabytes_of(idle)
    );
    Ok(())
}

fn require(holds: bool, otherwise: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

fn up(programs: &Programs, service: &Service, proxy: &Proxy, input: &Path) -> Result<Ran> {
    run(&mut scan(programs.remote(service, proxy.address), input))
}

fn scan(mut atg: Command, input: &Path) -> Command {
    atg.arg("scan")
        .arg("--from")
        .arg(input)
        .args(["--tenant-id", TENANT]);
    atg
}

fn export(mut atg: Command, file: &Path) -> Command {
    atg.arg("export").arg("--output-file").arg(file);
    atg
}

#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
#[expect(clippy::cast_precision_loss, reason = "figures are shown with a few digits")]
fn row(what: &str, bytes: u64, ran: Ran, server: Process) {
    let (megabytes, seconds) = (bytes as f64 / 1e6, Duration::as_secs_f64(&ran.time));
    println!(
        "{what:<44} {megabytes:>8.0} {seconds:>8.1} {:>8.0} {:>10} {:>10}",
        megabytes / seconds,
        megabytes_of(ran.peak),
        megabytes_of(server.peak_bytes())
    );
}

#[expect(clippy::cast_precision_loss, reason = "figures are shown with a few digits")]
fn megabytes_of(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "-".to_owned(), |bytes| format!("{:.0}", bytes as f64 / 1e6))
}

/// Resources whose text cannot be made much shorter: an export of them is nearly as large.
fn generate(file: &Path, bytes: u64) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(file)?);
    let mut state = 1_u64;
    let mut text = String::with_capacity(RESOURCE);
    for number in 0..bytes / (RESOURCE as u64 + 300) {
        text.clear();
        while text.len() < RESOURCE {
            // SplitMix64: the same bytes on every machine.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            // Ten characters of six bits; none of them needs an escape.
            for at in 0..10 {
                let index = usize::try_from(z >> (6 * at) & 63)?;
                text.push(char::from(CHARACTERS[index]));
            }
        }
        writeln!(
            out,
            "{{\"id\":\"/subscriptions/{TENANT}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm{number}\",\
             \"name\":\"vm{number}\",\"type\":\"Microsoft.Compute/virtualMachines\",\"location\":\"westeurope\",\
             \"properties\":{{\"description\":\"{text}\"}}}}"
        )?;
    }
    out.flush()?;
    Ok(())
}
