//! The configuration file: TOML, every key optional, unknown ones refused by name and line.

use std::{
    fs, io,
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
    log_level: Option<Spanned<String>>,
    color: Option<Spanned<String>>,
}

/// A file that was read, or nothing.
#[derive(Debug, Default)]
pub(super) struct ConfigFile {
    path: Option<PathBuf>,
    text: String,
    content: Content,
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
        let value = match name {
            "data_dir" => self.content.data_dir.as_ref(),
            "graph" => self.content.graph.as_ref(),
            "tenant_id" => self.content.tenant_id.as_ref(),
            "log_level" => self.content.log_level.as_ref(),
            "color" => self.content.color.as_ref(),
            _ => None,
        }?;
        let origin = Origin::File {
            path: self.path.clone()?,
            line: line_of(&self.text, value.span()),
        };
        Some((value.get_ref().clone(), origin))
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
