//! `atg completions`

use atg_sdk::Result as SdkResult;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::{
    args::Cli,
    exit::{CommandResult, End},
    printer::Printer,
};

const EXAMPLES: &str = "\
Examples:
  bash        atg completions bash > ~/.local/share/bash-completion/completions/atg
  zsh         atg completions zsh > \"${fpath[1]}/_atg\"
  fish        atg completions fish > ~/.config/fish/completions/atg.fish
  PowerShell  atg completions powershell | Out-String | Invoke-Expression";

/// Write a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs, printer: Printer) -> CommandResult {
    // Into memory first: clap_complete panics when its writer fails, and a closed pipe is no reason to.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "atg", &mut script);
    printer.text(&text(script)?)?;
    Ok(End::Done)
}

fn text(script: Vec<u8>) -> SdkResult<String> {
    String::from_utf8(script)
        .map_err(|error| atg_sdk::Error::internal("write the script as UTF-8").with_source(error))
}
