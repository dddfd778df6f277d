//! Hot paths one by one, over rows as the generator writes them.

use std::sync::LazyLock;

use atg_executor_local::{describe::Describer, graph::Source, json::Json};
use atg_synthetic::{Options, generate, tenant_id};
use divan::{Bencher, counter::ItemsCount};

/// Rows of each round.
const ROWS: usize = 2000;

static LINES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let options = Options {
        seed: 1,
        rows: ROWS as u64,
        ..Options::default()
    };
    let mut bytes = Vec::new();
    generate(&options, &mut bytes, None).expect("memory does not fail");
    String::from_utf8(bytes)
        .expect("rows are UTF-8")
        .lines()
        .map(str::to_owned)
        .collect()
});

fn main() {
    divan::main();
}

#[divan::bench]
fn parse_json(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(ROWS)).bench(|| {
        for line in LINES.iter() {
            divan::black_box(Json::parse(line.as_bytes()).expect("rows are JSON"));
        }
    });
}

#[divan::bench]
fn describe(bencher: Bencher<'_, '_>) {
    let tenant = tenant_id(1).parse().expect("the generator's tenant is a GUID");
    let rows: Vec<Json> = LINES
        .iter()
        .map(|line| Json::parse(line.as_bytes()).expect("rows are JSON"))
        .collect();
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| rows.clone())
        .bench_values(|rows| {
            let describer = Describer::new(tenant, Source::Recorded);
            for row in rows {
                divan::black_box(describer.describe(row).expect("rows can be described"));
            }
        });
}
