//! The same tenant scanned again: what a scan of changes asks, beside one of everything.

use crate::{
    Arguments, Result,
    atg::Scan,
    azure::Asked,
    stages::{atg, tenant},
};

/// Rows, unless the flag says otherwise.
const ROWS: u64 = 10_000;

/// What is asked of collections whose changes are told. Parts of a batch count one by one, as Microsoft counts them.
/// By the word in the simulator's count: a name with a digit is none for it.
const FEEDS: [(&str, &str); 3] = [
    ("users", "users"),
    ("groups, their members and owners", "groups"),
    ("delegated grants", "*"),
];

/// A line of the table.
struct Line {
    name: String,
    has_feed: bool,
    calls: Vec<u64>,
}

/// Scans three times without a change in between.
#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
#[expect(clippy::cast_precision_loss, reason = "a share for people")]
pub(crate) fn again(arguments: &Arguments) -> Result<()> {
    let azure = tenant(arguments, ROWS, "off")?;
    let atg = atg(arguments, "again")?;
    let mut columns: Vec<Vec<Line>> = Vec::new();
    let ways: [(&str, &[&str]); 3] = [
        ("first", &[]),
        ("again", &["--incremental"]),
        ("fast", &["--incremental", "--fast"]),
    ];
    println!("\n{ROWS} rows, scanned again without a change");
    for (name, given) in ways {
        azure.begin_again("off")?;
        let scan = atg.scan(&azure, given)?;
        let asked = azure.asked()?;
        let (added, changed, removed) = (
            scan.number("added"),
            scan.number("changed"),
            scan.number("removed"),
        );
        println!(
            "  {name:<6} {:>7.1} s {:>7} calls; added {added}, changed {changed}, removed {removed}, incomplete {}",
            scan.time.as_secs_f64(),
            asked.total,
            scan.number("incomplete_units_total")
        );
        let refused = asked
            .by_status
            .iter()
            .filter(|(status, _)| !status.ends_with(" 200"));
        for (status, count) in refused {
            println!("         {count} of them: {status}");
        }
        columns.push(lines(&scan, &asked));
    }
    let mut table: Vec<Line> = Vec::new();
    for column in columns {
        for (index, line) in column.into_iter().enumerate() {
            match table.get_mut(index) {
                Some(known) => known.calls.extend(line.calls),
                None => table.push(line),
            }
        }
    }
    println!("\n  {:<52} {:>8} {:>8} {:>8}", "calls", "first", "again", "fast");
    for has_feed in [true, false] {
        let some: Vec<&Line> = table.iter().filter(|line| line.has_feed == has_feed).collect();
        for line in &some {
            print_line(&line.name, &line.calls);
        }
        let sums: Vec<u64> = (0..ways.len())
            .map(|way| some.iter().filter_map(|line| line.calls.get(way)).sum())
            .collect();
        print_line(
            if has_feed {
                "all with a change feed"
            } else {
                "all without"
            },
            &sums,
        );
        if let (true, Some(first)) = (has_feed, sums.first()) {
            for (way, sum) in ways.iter().zip(&sums).skip(1) {
                let share = *sum as f64 / (*first).max(1) as f64 * 100.0;
                println!("    {}: {share:.1} % of the first", way.0);
            }
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
fn print_line(name: &str, calls: &[u64]) {
    let cells: Vec<String> = calls.iter().map(|count| format!("{count:>8}")).collect();
    println!("  {name:<52} {}", cells.join(" "));
}

/// What one scan asked.
fn lines(scan: &Scan, asked: &Asked) -> Vec<Line> {
    let line = |name: &str, has_feed: bool, count: u64| Line {
        name: name.to_owned(),
        has_feed,
        calls: vec![count],
    };
    let resources = scan.answers(|collector| matches!(collector, "resources" | "resources/changed"));
    let mut lines = vec![line("resources (Resource Graph)", true, resources)];
    let mut with_feed = 0;
    for (name, collection) in FEEDS {
        let count = asked
            .by_action
            .iter()
            .filter(|(action, _)| {
                let words = action.strip_prefix("GET ").unwrap_or_default();
                words.split('/').next() == Some(collection)
            })
            .map(|(_, count)| count)
            .sum();
        with_feed += count;
        lines.push(line(&format!("{name} (Microsoft Graph)"), true, count));
    }
    let other = |service: &str, less: u64| asked.of(service).saturating_sub(less);
    lines.extend([
        line(
            "hierarchy, governance, tables (Resource Graph)",
            false,
            other("resource_graph", resources),
        ),
        line(
            "children, locks, diagnostic settings (ARM)",
            false,
            other("arm", 0),
        ),
        line(
            "service principals, applications, roles (Graph)",
            false,
            other("graph", with_feed),
        ),
        line("signing in", false, other("login", 0)),
    ]);
    lines
}
