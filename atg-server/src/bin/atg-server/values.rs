//! Reading settings: each mistake names its variable, and all are told at once.

use std::{
    fmt::Display,
    path::{Path, PathBuf},
};

use atg_sdk::{Error, ErrorKind, Result, env};
use etcetera::BaseStrategy as _;

/// Collects what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    problems: Vec<(&'static str, String)>,
}

impl Reading {
    /// The value of a setting, or its default where it is not given. An empty one is not given.
    pub(crate) fn value<T, E: Display>(
        &mut self,
        variable: &'static str,
        given: Option<&str>,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> T {
        match given.map(str::trim).filter(|text| !text.is_empty()).map(parse) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(problem)) => {
                self.problem(variable, problem.to_string());
                default
            }
        }
    }

    /// One more mistake.
    pub(crate) fn problem(&mut self, variable: &'static str, detail: impl Into<String>) {
        self.problems.push((variable, detail.into()));
    }

    /// Nothing, or everything that is wrong.
    pub(crate) fn finish(self) -> Result<()> {
        if self.problems.is_empty() {
            return Ok(());
        }
        let error = Error::invalid("read the configuration:");
        Err(self
            .problems
            .into_iter()
            .fold(error, |error, (variable, detail)| {
                error.with_field(variable, detail)
            }))
    }
}

/// A path that is not empty.
pub(crate) fn path(given: Option<&PathBuf>) -> Option<PathBuf> {
    given.filter(|path| !path.as_os_str().is_empty()).cloned()
}

/// The directory of the server's state.
pub(crate) fn data_dir(given: Option<&PathBuf>) -> Result<PathBuf> {
    if let Some(given) = path(given) {
        return Ok(given);
    }
    let directories = etcetera::choose_base_strategy().map_err(|_| {
        Error::invalid(format!(
            "find the data directory: this user has no home: set {}",
            env::ATG_DATA_DIR
        ))
    })?;
    Ok(directories.data_dir().join("atg"))
}

/// Makes a directory that only this user may look into, unless it is there.
pub(crate) fn make_private_directory(path: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| {
        Error::new(
            ErrorKind::Unavailable,
            format!("make the directory {}: {error}", path.display()),
        )
    })
}

/// A whole number within these bounds.
pub(crate) fn number(least: u64, most: u64) -> impl Fn(&str) -> Result<u64, String> {
    move |text| match text.parse::<u64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ if most == u64::MAX => Err(format!("must be a whole number, at least {least}")),
        _ => Err(format!("must be a whole number from {least} to {most}")),
    }
}

/// Yes or no, as people write it.
pub(crate) fn flag(text: &str) -> Result<bool, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("must be true or false"),
    }
}

/// The origin under which clients reach the server: a scheme and a host, perhaps a port and a path.
pub(crate) fn public_url(text: &str) -> Result<Option<String>, &'static str> {
    let wrong = "must be like https://atg.example.com, without a query";
    let uri: http::Uri = text.parse().map_err(|_| wrong)?;
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    let plain = uri.query().is_none()
        && uri
            .authority()
            .is_some_and(|authority| !authority.as_str().contains('@'));
    if known && plain {
        Ok(Some(text.trim_end_matches('/').to_owned()))
    } else {
        Err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_kept_and_names_its_variable() {
        let mut reading = Reading::default();
        assert_eq!(reading.value("A", Some("7"), 1, number(1, 9)), 7);
        assert_eq!(reading.value("B", Some(" "), 1, number(1, 9)), 1);
        assert_eq!(reading.value("C", Some("10"), 1, number(1, 9)), 1);
        assert!(reading.value("D", Some("maybe"), true, flag));
        let error = reading.finish().unwrap_err();
        let named: Vec<_> = error
            .fields()
            .iter()
            .map(|field| field.pointer.as_str())
            .collect();
        assert_eq!(named, ["C", "D"]);
    }

    #[test]
    fn a_public_url_is_an_origin_and_holds_no_credentials() {
        assert_eq!(
            public_url("https://atg.example.com/").unwrap().as_deref(),
            Some("https://atg.example.com")
        );
        for wrong in [
            "atg.example.com",
            "ftp://a",
            "https://u:p@a",
            "https://a/?q",
            "https://",
        ] {
            assert!(public_url(wrong).is_err(), "{wrong}");
        }
    }
}
