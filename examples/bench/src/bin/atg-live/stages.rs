//! The tables.

use std::collections::BTreeSet;

use atg_bench::Process;

use crate::{
    Arguments, Result,
    atg::{Atg, Scan},
    azure::{Asked, Azure},
    clients::{Clients, Saw},
};

/// The tenant that all stages scan.
pub(crate) fn tenant(arguments: &Arguments, rows: u64, quotas: &str) -> Result<Azure> {
    let (rows, subscriptions) = (rows.to_string(), arguments.subscriptions.to_string());
    let given = [
        "--rows",
        &rows,
        "--seed",
        "7",
        "--subscriptions",
        &subscriptions,
        "--quotas",
        quotas,
        "--page-size",
        "1000",
    ];
    Azure::start(&arguments.programs.join("azure-sim"), &arguments.place, &given)
}

pub(crate) fn atg(arguments: &Arguments, name: &str) -> Result<Atg> {
    Atg::new(&arguments.programs.join("atg"), arguments.place.join(name))
}

/// Scans under Azure's quotas: the wall time over the shortest that they allow.
#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
pub(crate) fn faithful(arguments: &Arguments) -> Result<()> {
    let azure = tenant(arguments, arguments.rows, "faithful")?;
    println!(
        "\n{} rows over {} subscriptions, quotas as Azure enforces them",
        arguments.rows, arguments.subscriptions
    );
    for (name, given) in [
        ("inventory", &["--no-entra", "--no-rbac"][..]),
        ("everything", &[]),
    ] {
        azure.begin_again("faithful")?;
        let atg = atg(arguments, name)?;
        let scan = atg.scan(&azure, given)?;
        let asked = azure.asked()?;
        println!("\n{name}");
        print_scan(&scan, &asked);
        print_floors(&scan, &asked);
        if given.is_empty() {
            print_missing(&azure.truth()?, &atg.ids(&azure)?);
        }
    }
    Ok(())
}

/// Scans without quotas: how fast, and where the time goes.
#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
pub(crate) fn free(arguments: &Arguments, rows: u64) -> Result<()> {
    let azure = tenant(arguments, rows, "off")?;
    let atg = atg(arguments, "free")?.unpaced();
    let before = azure.process().cpu_time();
    let scan = atg.scan(&azure, &[])?;
    let asked = azure.asked()?;
    println!("\n{rows} rows, no quotas");
    print_scan(&scan, &asked);
    let resources = scan.number("resources");
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = resources as f64 / scan.time.as_secs_f64();
    println!("  {rate:.0} resources/s");
    if let (Some(before), Some(after)) = (before, azure.process().cpu_time()) {
        println!(
            "  of it the simulator computed {:.1} s",
            (after - before).as_secs_f64()
        );
    }
    if let Some(run) = scan.report["run"].as_object() {
        for (name, value) in run.iter().filter(|(name, _)| name.contains("seconds")) {
            println!("  {name}: {value}");
        }
    }
    print_missing(&azure.truth()?, &atg.ids(&azure)?);
    Ok(())
}

/// Beside what people use now.
#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
pub(crate) fn clients(arguments: &Arguments) -> Result<()> {
    let azure = tenant(arguments, arguments.rows, "faithful")?;
    let clients = Clients::find(&arguments.cache, &arguments.place)?;
    let subscriptions = clients.sign_in(&azure)?;
    let truth = azure.truth()?;
    println!(
        "\n{} rows over {} subscriptions, quotas as Azure enforces them",
        arguments.rows, arguments.subscriptions
    );
    println!(
        "{:<44} {:>8} {:>7} {:>8} {:>10} {:>10} {:>16}",
        "", "time s", "calls", "refused", "found", "missing", "with properties"
    );
    type Look<'a> = Box<dyn Fn() -> Result<Saw> + 'a>;
    let looks: [(&str, Look<'_>); 4] = [
        (
            "az resource list, each subscription",
            Box::new(|| clients.resource_list(&azure, &subscriptions)),
        ),
        (
            "az rest on Resource Graph, page by page",
            Box::new(|| clients.resource_graph(&azure)),
        ),
        (
            "Azure SDK for Python, groups and resources",
            Box::new(|| clients.pager(&azure)),
        ),
        ("atg scan", Box::new(|| ours(arguments, &azure))),
    ];
    for (name, look) in looks {
        azure.begin_again("faithful")?;
        let saw = look()?;
        let asked = azure.asked()?;
        println!(
            "{name:<44} {:>8.1} {:>7} {:>8} {:>10} {:>10} {:>16}",
            saw.time.as_secs_f64(),
            asked.total,
            asked.refused(),
            saw.ids.intersection(&truth).count(),
            truth.difference(&saw.ids).count(),
            saw.with_properties,
        );
    }
    Ok(())
}

fn ours(arguments: &Arguments, azure: &Azure) -> Result<Saw> {
    let atg = atg(arguments, "beside")?;
    let scan = atg.scan(azure, &[])?;
    Ok(Saw {
        time: scan.time,
        ids: atg.ids(azure)?,
        with_properties: scan.number("resources"),
    })
}

#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
#[expect(clippy::cast_precision_loss, reason = "megabytes for people")]
fn print_scan(scan: &Scan, asked: &Asked) {
    let peak = scan
        .peak
        .map_or_else(|| "?".to_owned(), |bytes| format!("{:.0}", bytes as f64 / 1e6));
    println!(
        "  {:.1} s, {} resources, {} edges, {} requests, {} refused, {} incomplete units, peak memory {peak} MB",
        scan.time.as_secs_f64(),
        scan.number("resources"),
        scan.number("relationships"),
        asked.total,
        asked.refused(),
        scan.number("incomplete_units_total"),
    );
}

#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
fn print_floors(scan: &Scan, asked: &Asked) {
    println!(
        "  {:<30} {:>8} {:>9} {:>9} {:>9} {:>12}",
        "quota", "buckets", "calls", "refused", "floor s", "wall/floor"
    );
    let wall = scan.time.as_secs_f64();
    for (kind, floor) in asked.floors() {
        let over = if floor.seconds > 0.0 {
            format!("{:.2}", wall / floor.seconds)
        } else {
            "-".to_owned()
        };
        println!(
            "  {kind:<30} {:>8} {:>9} {:>9} {:>9.1} {over:>12}",
            floor.buckets, floor.calls, floor.refused, floor.seconds
        );
    }
    if asked.floor() > 0.0 {
        println!("  wall time over the floor of all: {:.2}", wall / asked.floor());
    }
}

#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
fn print_missing(truth: &BTreeSet<String>, found: &BTreeSet<String>) {
    let missing: Vec<_> = truth.difference(found).collect();
    println!(
        "  of {} rows {} are missing in the graph",
        truth.len(),
        missing.len()
    );
    for id in missing.iter().take(5) {
        println!("    {id}");
    }
}

impl Azure {
    fn process(&self) -> Process {
        Process::of(self.id())
    }
}
