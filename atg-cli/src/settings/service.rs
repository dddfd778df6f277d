//! Whether a service carries the jobs out, and how it is called.

use std::{
    ffi::OsString,
    fmt::Display,
    fs,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use atg_executor_remote::RemoteOptions;
use atg_sdk::{Error, Result, env};
use secrecy::SecretString;

use super::{Found, Key, Layers, Origin, Setting};
use crate::{args::GlobalArgs, exit::FileContext as _};

const REMOTE: Key = Key {
    flag: "--remote",
    variable: env::ATG_REMOTE_MODE,
    name: "remote",
};
const URL: Key = Key {
    flag: "--service-url",
    variable: env::ATG_SERVICE_URL,
    name: "service_url",
};
/// No flag has the key itself: everybody on the machine can read a command line.
const API_KEY: Key = Key {
    flag: "",
    variable: env::ATG_API_KEY,
    name: "api_key",
};
const REQUEST_TIMEOUT: Key = Key {
    flag: "",
    variable: env::ATG_REQUEST_TIMEOUT,
    name: "request_timeout",
};
const POLL_INTERVAL: Key = Key {
    flag: "",
    variable: env::ATG_JOB_POLL_INTERVAL,
    name: "job_poll_interval",
};
const MAX_WAIT: Key = Key {
    flag: "",
    variable: env::ATG_JOB_MAX_WAIT,
    name: "job_max_wait",
};
const MAX_RETRIES: Key = Key {
    flag: "",
    variable: env::ATG_MAX_RETRIES,
    name: "max_retries",
};
const FALLBACK: Key = Key {
    flag: "",
    variable: env::ATG_FALLBACK_TO_LOCAL,
    name: "fallback_to_local",
};
const CERTIFICATES: Key = Key {
    flag: "",
    variable: env::SSL_CERT_FILE,
    name: "ssl_cert_file",
};

/// What `--remote` needs. Read always, used only with it.
#[derive(Debug)]
pub(crate) struct ServiceSettings {
    pub(crate) remote: Setting<bool>,
    pub(crate) url: Setting<String>,
    pub(crate) api_key: Option<Setting<SecretString>>,
    /// Read only when it is needed: without `--remote` a file that is gone harms nobody.
    pub(crate) api_key_file: Option<Setting<PathBuf>>,
    pub(crate) request_timeout: Setting<Duration>,
    pub(crate) poll_interval: Setting<Duration>,
    pub(crate) max_wait: Option<Setting<Duration>>,
    pub(crate) max_retries: Setting<u32>,
    pub(crate) fallback_to_local: Setting<bool>,
    pub(crate) certificates: Option<Setting<PathBuf>>,
}

impl ServiceSettings {
    pub(super) fn load(layers: &Layers<'_>, global: &GlobalArgs) -> Result<Self> {
        let remote_flag = global.remote.map(|value| OsString::from(value.to_string()));
        let url = layers.find(&URL, global.service_url.as_ref().map(OsString::from));
        let key_file = match &global.api_key_file {
            Some(path) => Some(Setting {
                value: path.clone(),
                origin: Origin::Flag("--api-key-file"),
            }),
            None => layers
                .file
                .find("api_key_file")
                .map(|(value, origin)| {
                    Found {
                        value: value.into(),
                        origin,
                    }
                    .into_path()
                })
                .transpose()?,
        };
        Ok(Self {
            remote: setting(layers.find(&REMOTE, remote_flag), &REMOTE, truth, false)?,
            url: setting(
                url,
                &URL,
                |text| Ok(text.to_owned()),
                "http://127.0.0.1:8000".to_owned(),
            )?,
            api_key: layers
                .find(&API_KEY, None)
                .map(|found| found.parse(&API_KEY, |text, _| Ok(SecretString::from(text))))
                .transpose()?,
            api_key_file: key_file,
            request_timeout: setting(
                layers.find(&REQUEST_TIMEOUT, None),
                &REQUEST_TIMEOUT,
                seconds,
                Duration::from_secs(300),
            )?,
            poll_interval: setting(
                layers.find(&POLL_INTERVAL, None),
                &POLL_INTERVAL,
                seconds,
                Duration::from_secs(5),
            )?,
            max_wait: layers
                .find(&MAX_WAIT, None)
                .map(|found| found.parse(&MAX_WAIT, |text, _| seconds(text)))
                .transpose()?,
            max_retries: setting(layers.find(&MAX_RETRIES, None), &MAX_RETRIES, retries, 3)?,
            fallback_to_local: setting(layers.find(&FALLBACK, None), &FALLBACK, truth, false)?,
            certificates: layers
                .find(&CERTIFICATES, None)
                .map(Found::into_path)
                .transpose()?,
        })
    }

    /// The address without what somebody may have put into it that is nobody's business.
    pub(crate) fn shown_url(&self) -> String {
        match self.url.value.split_once("://") {
            Some((scheme, rest)) => {
                format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or_default())
            }
            None => self.url.value.rsplit('@').next().unwrap_or_default().to_owned(),
        }
    }

    /// For the executor that asks the service. Reads the files that the settings name.
    pub(crate) fn to_remote(&self, data_dir: &Path) -> Result<RemoteOptions> {
        let mut options = RemoteOptions::new(&self.url.value, self.key(data_dir)?)
            .with_request_timeout(self.request_timeout.value)
            .with_poll_interval(self.poll_interval.value)
            .with_max_wait(self.max_wait.as_ref().map(|limit| limit.value))
            .with_max_retries(self.max_retries.value);
        if let Some(file) = &self.certificates {
            let pem = fs::read(&file.value)
                .doing(|| format!("read {} (from {})", file.value.display(), file.origin))?;
            options = options.with_extra_ca(pem);
        }
        Ok(options)
    }

    /// A file that was named on the command line wins over a variable, that over a file in the configuration.
    /// Without any, a server of this machine that made a key for its run may have left it in the data directory.
    fn key(&self, data_dir: &Path) -> Result<SecretString> {
        let is_flag = |file: &&Setting<PathBuf>| matches!(file.origin, Origin::Flag(_));
        if let (Some(key), None) = (&self.api_key, self.api_key_file.as_ref().filter(is_flag)) {
            return Ok(key.value.clone());
        }
        let left = self.left_key_file(data_dir);
        let Some(file) = self.api_key_file.as_ref().or(left.as_ref()) else {
            return Err(Error::invalid(format!(
                "no API key for the service at {}: set ATG_API_KEY, or pass --api-key-file FILE",
                self.shown_url()
            )));
        };
        let text = fs::read_to_string(&file.value)
            .doing(|| format!("read the API key from {} ({})", file.value.display(), file.origin))?;
        match text.trim() {
            "" => Err(Error::invalid(format!(
                "read the API key from {}: the file is empty",
                file.value.display()
            ))),
            key => Ok(SecretString::from(key)),
        }
    }
}

impl ServiceSettings {
    /// Plain http is for servers of this machine only, which is what makes their files and ours the same.
    fn left_key_file(&self, data_dir: &Path) -> Option<Setting<PathBuf>> {
        let (_, port) = self.url.value.strip_prefix("http://")?.rsplit_once(':')?;
        let port: u16 = port.trim_end_matches('/').parse().ok()?;
        let value = data_dir.join(format!("server-{port}.key"));
        value.is_file().then_some(Setting {
            value,
            origin: Origin::Default,
        })
    }
}

fn setting<T>(
    found: Option<Found>,
    key: &Key,
    read: impl FnOnce(&str) -> Result<T>,
    default: T,
) -> Result<Setting<T>> {
    match found {
        Some(found) => found.parse(key, |text, _| read(text)),
        None => Ok(Setting {
            value: default,
            origin: Origin::Default,
        }),
    }
}

fn truth(text: &str) -> Result<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(wrong(text, "neither true nor false")),
    }
}

fn seconds(text: &str) -> Result<Duration> {
    number::<f64>(text)
        .filter(|seconds| *seconds > 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| wrong(text, "no number of seconds above 0"))
}

fn retries(text: &str) -> Result<u32> {
    number(text).ok_or_else(|| wrong(text, "no whole number"))
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.trim().parse().ok()
}

fn wrong(text: &str, what: impl Display) -> Error {
    Error::invalid(format!("`{}` is {what}", text.escape_debug()))
}
