//! The figures, for people.

use crate::Report;

/// Prints the reports as two tables.
#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
#[expect(clippy::cast_precision_loss, reason = "figures are shown with a few digits")]
pub fn print(reports: &[Report]) {
    println!(
        "{:>9} {:>8} {:>8} {:>11} {:>9} {:>9} {:>7} {:>9} {:>9} {:>9} {:>10} {:>10}",
        "rows",
        "file MB",
        "scan s",
        "resources/s",
        "edges",
        "edges/s",
        "recall",
        "precision",
        "peak MB",
        "graph MB",
        "same s",
        "1 % new s"
    );
    for report in reports {
        println!(
            "{:>9} {:>8.1} {:>8.2} {:>11.0} {:>9} {:>9.0} {:>7.4} {:>9.4} {:>9} {:>9.1} {:>10.2} {:>10.2}",
            report.rows,
            megabytes(report.file_bytes),
            report.scan_seconds,
            report.rows as f64 / report.scan_seconds,
            report.edges,
            report.edges as f64 / report.scan_seconds,
            report.accuracy.recall(),
            report.accuracy.precision(),
            report
                .scan_peak_bytes
                .map_or_else(|| "?".to_owned(), |bytes| format!("{:.0}", megabytes(bytes))),
            megabytes(report.graph_bytes),
            report.unchanged_seconds,
            report.changed_seconds,
        );
    }
    for report in reports {
        if report.unchanged_touched != 0 || report.changed != report.changed_expected {
            println!(
                "{} rows: an unchanged scan touched {} nodes; a modified one changed {} of {}",
                report.rows, report.unchanged_touched, report.changed, report.changed_expected
            );
        }
    }
    println!("\nqueries, median / 95th percentile in ms");
    print!("{:<26}", "");
    for report in reports {
        print!("{:>22}", format!("{} rows", report.rows));
    }
    println!();
    let names = reports.first().map_or(&[][..], |report| &report.queries);
    for (index, query) in names.iter().enumerate() {
        print!("{:<26}", query.name);
        for report in reports {
            let timing = &report.queries[index];
            match &timing.refused {
                None => print!(
                    "{:>22}",
                    format!("{:.1} / {:.1}", timing.median_ms, timing.p95_ms)
                ),
                Some(reason) => print!("  {reason}"),
            }
        }
        println!();
    }
}

fn megabytes(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit after the point")]
    let bytes = bytes as f64;
    bytes / 1_000_000.0
}
