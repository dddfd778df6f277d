//! The configuration file: TOML, every key optional, unknown ones refused by name and line.

use std::{
    fmt, fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

use atg_sdk::{Error, Result};
use serde::Deserialize;
use toml::Spanned;

use super::Origin;
use crate::exit::file_error;

/// The keys, as they are written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Content {
    data_dir: Option<Spanned<String>>,
    graph: Option<Spanned<String>>,
    tenant_id: Option<Spanned<String>>,
    cloud: Option<Spanned<String>>,
    auth: Option<Spanned<String>>,
    client_id: Option<Spanned<String>>,
    authority_host: Option<Spanned<String>>,
    log_level: Option<Spanned<String>>,
    color: Option<Spanned<String>>,
    remote: Option<Spanned<Scalar>>,
    service_url: Option<Spanned<Scalar>>,
    api_key: Option<Spanned<Scalar>>,
    api_key_file: Option<Spanned<Scalar>>,
    request_timeout: Option<Spanned<Scalar>>,
    job_poll_interval: Option<Spanned<Scalar>>,
    job_max_wait: Option<Spanned<Scalar>>,
    max_retries: Option<Spanned<Scalar>>,
    fallback_to_local: Option<Spanned<Scalar>>,
    ssl_cert_file: Option<Spanned<Scalar>>,
}

/// A value that people write as what it is, `true` or `300`; read like the text of a variable.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Truth(bool),
    Whole(i64),
    Decimal(f64),
}

/// Without the value: it may be a key.
impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scalar")
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Truth(value) => value.fmt(f),
            Self::Whole(value) => value.fmt(f),
            Self::Decimal(value) => value.fmt(f),
        }
    }
}

/// A file that was read, or nothing.
#[derive(Default)]
pub(super) struct ConfigFile {
    path: Option<PathBuf>,
    text: String,
    content: Content,
}

/// Without the text, which may hold a key.
impl fmt::Debug for ConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl ConfigFile {
    /// A file that somebody named: its absence is an error.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|error| {
            file_error(&format!("read the configuration file {}", path.display()), &error)
        })?;
        Self::parse(path, text)
    }

    /// The default file: its absence is the usual case.
    pub(super) fn read_if_there(path: &Path) -> Result<Self> {
        match fs::metadata(path) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(Self::default())
            }
            _ => Self::read(path),
        }
    }

    fn parse(path: &Path, text: String) -> Result<Self> {
        match toml::from_str(&text) {
            Ok(content) => Ok(Self {
                path: Some(path.to_owned()),
                text,
                content,
            }),
            Err(error) => {
                let line = line_of(&text, error.span().unwrap_or_default());
                // The message may quote a value over several lines; its first line says what is wrong.
                let words = error.message().lines().next().unwrap_or_default();
                Err(Error::invalid(format!(
                    "the configuration file {}:{line}: {words}",
                    path.display()
                )))
            }
        }
    }

    pub(super) const fn is_there(&self) -> bool {
        self.path.is_some()
    }

    pub(super) fn find(&self, name: &str) -> Option<(String, Origin)> {
        let content = &self.content;
        let text =
            |value: Option<&Spanned<String>>| value.map(|value| (value.get_ref().clone(), value.span()));
        let scalar =
            |value: Option<&Spanned<Scalar>>| value.map(|value| (value.get_ref().to_string(), value.span()));
        let (value, span) = match name {
            "data_dir" => text(content.data_dir.as_ref()),
            "graph" => text(content.graph.as_ref()),
            "tenant_id" => text(content.tenant_id.as_ref()),
            "cloud" => text(content.cloud.as_ref()),
            "auth" => text(content.auth.as_ref()),
            "client_id" => text(content.client_id.as_ref()),
            "authority_host" => text(content.authority_host.as_ref()),
            "log_level" => text(content.log_level.as_ref()),
            "color" => text(content.color.as_ref()),
            "remote" => scalar(content.remote.as_ref()),
            "service_url" => scalar(content.service_url.as_ref()),
            "api_key" => scalar(content.api_key.as_ref()),
            "api_key_file" => scalar(content.api_key_file.as_ref()),
            "request_timeout" => scalar(content.request_timeout.as_ref()),
            "job_poll_interval" => scalar(content.job_poll_interval.as_ref()),
            "job_max_wait" => scalar(content.job_max_wait.as_ref()),
            "max_retries" => scalar(content.max_retries.as_ref()),
            "fallback_to_local" => scalar(content.fallback_to_local.as_ref()),
            "ssl_cert_file" => scalar(content.ssl_cert_file.as_ref()),
            _ => None,
        }?;
        let origin = Origin::File {
            path: self.path.clone()?,
            line: line_of(&self.text, span),
        };
        Some((value, origin))
    }
}

fn line_of(text: &str, span: Range<usize>) -> usize {
    1 + text
        .bytes()
        .take(span.start)
        .filter(|byte| *byte == b'\n')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str) -> String {
        ConfigFile::parse(Path::new("c.toml"), text.to_owned())
            .unwrap_err()
            .message()
            .to_owned()
    }

    #[test]
    fn values_know_their_line() {
        let file =
            ConfigFile::parse(Path::new("c.toml"), "# x\n\ngraph = \"sqlite:a\"\n".to_owned()).unwrap();
        let (value, origin) = file.find("graph").unwrap();
        assert_eq!(
            (value.as_str(), origin.to_string().as_str()),
            ("sqlite:a", "c.toml:3")
        );
        assert_eq!(file.find("data_dir"), None);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name_and_line() {
        let words = complaint("graph = \"sqlite:a\"\ngrahp = \"sqlite:b\"\n");
        assert!(
            words.starts_with("the configuration file c.toml:2: unknown field `grahp`"),
            "{words}"
        );
    }

    #[test]
    fn a_wrong_type_and_broken_syntax_name_their_line() {
        assert!(
            complaint("\n\ntenant_id = 5").contains("c.toml:3: "),
            "{}",
            complaint("\n\ntenant_id = 5")
        );
        assert!(complaint("a = = 1").contains("c.toml:1: "));
    }
}
