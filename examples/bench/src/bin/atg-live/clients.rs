//! What people use now.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    Result,
    azure::{Azure, CLIENT_ID, SECRET},
};

/// Where the tools are, as `.ci/azure-clients.sh` installs them.
#[derive(Debug)]
pub(crate) struct Clients {
    az: PathBuf,
    python: PathBuf,
    place: PathBuf,
}

/// What a client saw.
#[derive(Debug, Default)]
pub(crate) struct Saw {
    pub(crate) time: Duration,
    /// In lower case.
    pub(crate) ids: BTreeSet<String>,
    /// Of these, resources whose properties it saw.
    pub(crate) with_properties: u64,
}

impl Saw {
    fn take(&mut self, row: &Value) {
        let has = row["properties"].as_object().is_some_and(|own| !own.is_empty());
        self.with_properties += u64::from(has);
        if let Some(id) = row["id"].as_str() {
            self.ids.insert(id.to_lowercase());
        }
    }
}

impl Clients {
    /// The newest of each that is there.
    pub(crate) fn find(cache: &Path, place: &Path) -> Result<Self> {
        let newest = |prefix: &str, program: &str| -> Result<PathBuf> {
            let mut found = Vec::new();
            for entry in fs::read_dir(cache)? {
                let path = entry?.path();
                let is_one = path
                    .file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with(prefix));
                if is_one && path.join("complete").exists() {
                    found.push(path.join("bin").join(program));
                }
            }
            let missing = || {
                format!(
                    "{} has no {prefix}…: run .ci/azure-clients.sh once",
                    cache.display()
                )
            };
            found.sort();
            Ok(found.pop().ok_or_else(missing)?)
        };
        Ok(Self {
            az: newest("azure-az-", "az")?,
            python: newest("azure-sdk-", "python")?,
            place: place.to_owned(),
        })
    }

    fn az(&self, azure: &Azure, arguments: &[&str]) -> Result<Value> {
        let done = Command::new(&self.az)
            .args(arguments)
            .args(["--only-show-errors", "--output", "json"])
            .env("AZURE_CONFIG_DIR", self.place.join("az"))
            .envs(azure.login())
            .env("NO_PROXY", "127.0.0.1,localhost")
            .stdin(Stdio::null())
            .output()?;
        if !done.status.success() {
            let words = String::from_utf8_lossy(&done.stderr);
            return Err(format!("az {}: {words}", arguments.join(" ")).into());
        }
        if done.stdout.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(&done.stdout)?)
    }

    /// Signs `az` in, which is not counted.
    pub(crate) fn sign_in(&self, azure: &Azure) -> Result<Vec<String>> {
        let _fresh = fs::remove_dir_all(self.place.join("az"));
        self.az(
            azure,
            &[
                "config",
                "set",
                "core.instance_discovery=false",
                "core.collect_telemetry=false",
            ],
        )?;
        let arm = [
            "cloud",
            "register",
            "--name",
            "AzureSim",
            "--endpoint-resource-manager",
            &azure.https,
        ];
        self.az(azure, &arm)?;
        self.az(azure, &["cloud", "set", "--name", "AzureSim"])?;
        let accounts = self.az(
            azure,
            &[
                "login",
                "--service-principal",
                "--username",
                CLIENT_ID,
                "--password",
                SECRET,
                "--tenant",
                &azure.tenant,
            ],
        )?;
        let ids = accounts.as_array().into_iter().flatten();
        Ok(ids
            .filter_map(|account| Some(account["id"].as_str()?.to_owned()))
            .collect())
    }

    /// `az resource list` in each subscription.
    pub(crate) fn resource_list(&self, azure: &Azure, subscriptions: &[String]) -> Result<Saw> {
        let mut saw = Saw::default();
        let began = Instant::now();
        for id in subscriptions {
            let rows = self.az(azure, &["resource", "list", "--subscription", id])?;
            rows.as_array()
                .into_iter()
                .flatten()
                .for_each(|row| saw.take(row));
        }
        saw.time = began.elapsed();
        Ok(saw)
    }

    /// `az rest` on Resource Graph over all subscriptions, a process for each page.
    pub(crate) fn resource_graph(&self, azure: &Azure) -> Result<Saw> {
        let mut saw = Saw::default();
        let began = Instant::now();
        let address = format!(
            "{}/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01",
            azure.https
        );
        let mut token = Value::Null;
        loop {
            let mut options = json!({"$top": 1000});
            if let Some(token) = token.as_str() {
                options["$skipToken"] = json!(token);
            }
            let body = json!({"query": "resources | order by id asc", "options": options}).to_string();
            let arguments = [
                "rest",
                "--method",
                "post",
                "--url",
                &address,
                "--resource",
                &azure.https,
                "--body",
                &body,
            ];
            let page = self.az(azure, &arguments)?;
            page["data"]
                .as_array()
                .into_iter()
                .flatten()
                .for_each(|row| saw.take(row));
            token = page["$skipToken"].clone();
            if !token.is_string() {
                break;
            }
        }
        saw.time = began.elapsed();
        Ok(saw)
    }

    /// A pager of the SDK for Python.
    pub(crate) fn pager(&self, azure: &Azure) -> Result<Saw> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/pager.py");
        let began = Instant::now();
        let done = Command::new(&self.python)
            .arg(script)
            .envs(azure.login())
            .env("HTTPS_PROXY", &azure.proxy)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .output()?;
        let mut saw = Saw {
            time: began.elapsed(),
            ..Saw::default()
        };
        if !done.status.success() {
            return Err(format!("the pager: {}", String::from_utf8_lossy(&done.stderr)).into());
        }
        for line in String::from_utf8_lossy(&done.stdout).lines() {
            let id = line.strip_suffix("properties").unwrap_or(line);
            saw.with_properties += u64::from(id.len() < line.len());
            saw.ids.insert(id.trim().to_lowercase());
        }
        Ok(saw)
    }
}
