//! The names of the environment variables, one documented constant each. Nothing here reads them: only binaries do.
//!
//! Only variables that something reads are here. [`ALL`] is what the reference page is made of.

/// One environment variable, as the reference page shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// What holds while it is not set.
    pub default: &'static str,
}

macro_rules! variables {
    ($(#[doc = $meaning:literal] $name:ident, $default:literal;)+) => {
        $(
            #[doc = $meaning]
            #[doc = concat!("Default: ", $default, ".")]
            pub const $name: &str = stringify!($name);
        )+

        /// All of them, in the order of the reference page.
        pub const ALL: &[Variable] = &[$(Variable {
            name: $name,
            // The space after `///`.
            meaning: $meaning.trim_ascii_start(),
            default: $default,
        },)+];
    };
}

variables! {
    /// Where local state is kept: job history, the graph, artifacts.
    ATG_DATA_DIR, "`atg` in the user's data directory";
    /// The graph: `sqlite:PATH`.
    ATG_GRAPH, "`graph.db` in the data directory";
    /// The configuration file.
    ATG_CONFIG, "`atg/config.toml` in the user's configuration directory";
    /// The tenant to work on when `--tenant-id` is not given.
    AZURE_TENANT_ID, "none";
    /// What is logged to stderr, in the syntax of `tracing_subscriber::EnvFilter`.
    LOG_LEVEL, "`warn`";
    /// Not empty: nothing is coloured (<https://no-color.org>).
    NO_COLOR, "colours on a terminal";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_says_what_it_is_for() {
        for variable in ALL {
            assert!(
                variable.meaning.ends_with('.') && !variable.meaning.starts_with(' '),
                "{variable:?}"
            );
            assert!(
                !variable.default.is_empty() && !variable.default.ends_with('.'),
                "{variable:?}"
            );
        }
        assert!(ALL.iter().any(|variable| variable.name == ATG_DATA_DIR));
    }
}
