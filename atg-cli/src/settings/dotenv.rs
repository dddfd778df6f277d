//! `./.env`: variables for people who do not want to export them.
//!
//! Only the current directory's file is read: one further up may belong to somebody else. It often holds other
//! programs' variables too, so what is not ours is passed over, whatever it looks like.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use atg_sdk::{Error, Result, env};

use super::Origin;
use crate::exit::file_error;

/// The assignments of the file, in order; the last of a name wins.
#[derive(Debug, Clone, Default)]
pub(super) struct DotEnv {
    path: PathBuf,
    assignments: Vec<(String, String, usize)>,
}

impl DotEnv {
    pub(super) fn read(path: &Path) -> Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text),
            // A directory of that name (a Python virtual environment, often) is not a file of variables.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::IsADirectory
                ) =>
            {
                Ok(Self::default())
            }
            Err(error) => Err(file_error(&format!("read {}", path.display()), &error)),
        }
    }

    fn parse(path: &Path, text: &str) -> Result<Self> {
        let mut assignments = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
            let Some((name, value)) = line.split_once('=') else {
                continue;
            };
            let name = name.trim_end();
            if line.starts_with('#') || !is_ours(name) {
                continue;
            }
            let Some(value) = unquote(value.trim()) else {
                return Err(Error::invalid(format!(
                    "{}:{}: the quotation mark of {name} is never closed",
                    path.display(),
                    index + 1
                )));
            };
            assignments.push((name.to_owned(), value, index + 1));
        }
        Ok(Self {
            path: path.to_owned(),
            assignments,
        })
    }

    pub(super) fn find(&self, variable: &str) -> Option<(String, Origin)> {
        let (_, value, line) = self.assignments.iter().rfind(|(name, ..)| name == variable)?;
        (!value.is_empty()).then(|| {
            (
                value.clone(),
                Origin::DotEnv {
                    path: self.path.clone(),
                    line: *line,
                },
            )
        })
    }
}

fn is_ours(name: &str) -> bool {
    [
        env::ATG_API_KEY,
        env::ATG_AUTH,
        env::ATG_CONFIG,
        env::ATG_DATA_DIR,
        env::ATG_FALLBACK_TO_LOCAL,
        env::ATG_GRAPH,
        env::ATG_JOB_MAX_WAIT,
        env::ATG_JOB_POLL_INTERVAL,
        env::ATG_MAX_RETRIES,
        env::ATG_REMOTE_MODE,
        env::ATG_REQUEST_TIMEOUT,
        env::ATG_SERVICE_URL,
        env::ATG_USE_MANAGED_IDENTITY,
        env::AZURE_AUTHORITY_HOST,
        env::AZURE_CLIENT_CERTIFICATE_PASSWORD,
        env::AZURE_CLIENT_CERTIFICATE_PATH,
        env::AZURE_CLIENT_ID,
        env::AZURE_CLIENT_SECRET,
        env::AZURE_CLIENT_SEND_CERTIFICATE_CHAIN,
        env::AZURE_CLOUD,
        env::AZURE_FEDERATED_TOKEN_FILE,
        env::AZURE_TENANT_ID,
        env::LOG_LEVEL,
        env::NEO4J_DATABASE,
        env::NEO4J_PASSWORD,
        env::NEO4J_URI,
        env::NEO4J_USER,
        env::NO_COLOR,
        env::SSL_CERT_FILE,
    ]
    .contains(&name)
}

/// `'as it is'`, `"with \n \" \\ escapes"`, or bare up to ` #`. `None` when a quotation is not closed.
fn unquote(text: &str) -> Option<String> {
    if let Some(rest) = text.strip_prefix('\'') {
        return rest.split_once('\'').map(|(value, _)| value.to_owned());
    }
    let Some(rest) = text.strip_prefix('"') else {
        let bare = if text.starts_with('#') {
            ""
        } else {
            text.split(" #").next().unwrap_or(text)
        };
        return Some(bare.trim_end().to_owned());
    };
    let mut out = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => return Some(out),
            '\\' => match chars.next()? {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                other => out.push(other),
            },
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, name: &str) -> Option<String> {
        DotEnv::parse(Path::new(".env"), text)
            .unwrap()
            .find(name)
            .map(|(value, _)| value)
    }

    #[test]
    fn reads_the_usual_spellings() {
        assert_eq!(find("ATG_GRAPH=sqlite:a.db", "ATG_GRAPH").unwrap(), "sqlite:a.db");
        assert_eq!(
            find("export ATG_GRAPH = 'sqlite:a b.db' # here", "ATG_GRAPH").unwrap(),
            "sqlite:a b.db"
        );
        assert_eq!(
            find("ATG_GRAPH=\"sqlite:a\\\"b.db\"", "ATG_GRAPH").unwrap(),
            "sqlite:a\"b.db"
        );
        assert_eq!(
            find("ATG_GRAPH=sqlite:a#b.db # comment", "ATG_GRAPH").unwrap(),
            "sqlite:a#b.db"
        );
        assert_eq!(find("ATG_GRAPH=one\nATG_GRAPH=two", "ATG_GRAPH").unwrap(), "two");
    }

    #[test]
    fn passes_over_what_is_not_ours() {
        assert_eq!(
            find(
                "OTHER=\"never closed\nhello\n# ATG_GRAPH=x\nATG_GRAPH=\n",
                "ATG_GRAPH"
            ),
            None
        );
    }

    #[test]
    fn an_open_quotation_of_ours_names_its_line() {
        let error = DotEnv::parse(Path::new(".env"), "\nATG_GRAPH='x").unwrap_err();
        assert_eq!(
            error.message(),
            ".env:2: the quotation mark of ATG_GRAPH is never closed"
        );
    }
}
