//! Writes `demo.jsonl` and `truth.json` into the directory given, or beside this crate.

use std::{env, fs, path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let directory = env::args_os()
        .nth(1)
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    match write(&directory) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a binary's way to say why it failed")]
            {
                eprintln!("failed to write {}: {error}", directory.display());
            }
            ExitCode::FAILURE
        }
    }
}

fn write(directory: &std::path::Path) -> std::io::Result<()> {
    let demo = atg_demo_tenant::generate();
    let mut truth = serde_json::to_string_pretty(&demo.truth)?;
    truth.push('\n');
    fs::write(directory.join("demo.jsonl"), demo.jsonl)?;
    fs::write(directory.join("truth.json"), truth)
}
