//! How Azure is reached, and as whom.

use std::{ffi::OsString, path::PathBuf};

use atg_executor_local::azure::{AzureOptions, cloud::CloudName, credential::AuthMethod};
use atg_sdk::{Error, Result, env};

use super::{Key, Layers, Origin, Setting};
use crate::args::GlobalArgs;

const CLOUD: Key = Key {
    flag: "--cloud",
    variable: env::AZURE_CLOUD,
    name: "cloud",
};
const AUTH: Key = Key {
    flag: "--auth",
    variable: env::ATG_AUTH,
    name: "auth",
};
const CLIENT_ID: Key = Key {
    flag: "",
    variable: env::AZURE_CLIENT_ID,
    name: "client_id",
};
/// Neither flag nor configuration file has the secret itself: both are read by others.
const CLIENT_SECRET: Key = Key {
    flag: "",
    variable: env::AZURE_CLIENT_SECRET,
    name: "",
};

/// What `--cloud`, `--auth` and the variables that every Azure SDK knows say. Read always; used by what asks Azure.
#[derive(Debug)]
pub(crate) struct AzureSettings {
    pub(crate) cloud: Setting<CloudName>,
    pub(crate) auth: Option<Setting<AuthMethod>>,
    pub(crate) client_id: Option<Setting<String>>,
    /// Where the application's secret is, if there is one.
    pub(crate) client_secret: Option<Origin>,
    pub(crate) options: AzureOptions,
}

impl AzureSettings {
    pub(super) fn load(
        layers: &Layers<'_>,
        global: &GlobalArgs,
        certificates: Option<&Setting<PathBuf>>,
    ) -> Result<Self> {
        let flag = |text: &Option<String>| text.as_ref().map(OsString::from);
        let cloud = match layers.find(&CLOUD, flag(&global.cloud)) {
            Some(found) => found.parse(&CLOUD, |text, _| text.parse())?,
            None => Setting {
                value: CloudName::default(),
                origin: Origin::Default,
            },
        };
        let auth = layers
            .find(&AUTH, flag(&global.auth))
            .map(|found| found.parse(&AUTH, |text, _| text.parse()))
            .transpose()?;
        let client_id = layers
            .find(&CLIENT_ID, None)
            .map(|found| found.parse(&CLIENT_ID, |text, _| Ok(text.to_owned())))
            .transpose()?;
        let read = |variable: &'static str| {
            // What has a name in the configuration file is looked for there too.
            let name = match variable {
                env::AZURE_CLIENT_ID => CLIENT_ID.name,
                env::AZURE_TENANT_ID => super::TENANT_ID.name,
                env::AZURE_AUTHORITY_HOST => "authority_host",
                // These are read elsewhere, over their flags or as a path.
                env::AZURE_CLOUD | env::ATG_AUTH | env::SSL_CERT_FILE => return None,
                _ => "",
            };
            let key = Key {
                flag: "",
                variable,
                name,
            };
            layers.find(&key, None).map(|found| found.value)
        };
        let mut options = AzureOptions::from_variables(read).map_err(|bad| {
            let words: Vec<_> = bad.iter().map(|(name, why)| format!("{name}: {why}")).collect();
            Error::invalid(words.join("; "))
        })?;
        options.connections.extra_ca_file = certificates.map(|file| file.value.clone());
        options.cloud = cloud.value.clone();
        options.credentials.only = auth.as_ref().map(|auth| auth.value);
        Ok(Self {
            cloud,
            auth,
            client_id,
            client_secret: layers.find(&CLIENT_SECRET, None).map(|found| found.origin),
            options,
        })
    }
}
