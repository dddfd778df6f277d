//! A simulated Azure as a process, and what it says of itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde::Deserialize;

use crate::Result;

/// Who may log in there.
pub(crate) const CLIENT_ID: &str = "11111111-aaaa-4000-8000-000000000001";
/// With what. Worth nothing anywhere else.
pub(crate) const SECRET: &str = "azure-sim-secret";

/// A simulator that does not outlive this process.
#[derive(Debug)]
pub(crate) struct Azure {
    child: Child,
    pub(crate) https: String,
    http: String,
    pub(crate) proxy: String,
    pub(crate) tenant: String,
    pub(crate) ca: PathBuf,
}

/// What was asked of it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Asked {
    pub(crate) total: u64,
    /// By service and status: `graph 200`.
    #[serde(default)]
    pub(crate) by_status: BTreeMap<String, u64>,
    /// Those that were answered, by what they needed: `GET users`.
    #[serde(default)]
    pub(crate) by_action: BTreeMap<String, u64>,
    pub(crate) buckets: BTreeMap<String, Bucket>,
}

/// What a quota allowed and refused.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct Bucket {
    pub(crate) allowed: u64,
    pub(crate) refused: u64,
    /// What the allowed ones cost.
    pub(crate) used: u64,
}

/// One thing that is there.
#[derive(Debug, Clone, Deserialize)]
struct Line {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    default: bool,
}

impl Drop for Azure {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Azure {
    /// Starts one with those arguments and waits until it listens.
    pub(crate) fn start(program: &Path, place: &Path, arguments: &[&str]) -> Result<Self> {
        let ca = place.join("ca.pem");
        let mut child = Command::new(program)
            .args(arguments)
            .arg("--ca-file")
            .arg(&ca)
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("the simulator has no output")?;
        let mut azure = Self {
            child,
            https: String::new(),
            http: String::new(),
            proxy: String::new(),
            tenant: String::new(),
            ca,
        };
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            let fields = [
                ("listening on ", &mut azure.https),
                ("http on ", &mut azure.http),
                ("proxy on ", &mut azure.proxy),
                ("tenant ", &mut azure.tenant),
            ];
            for (name, field) in fields {
                if let Some(value) = line.strip_prefix(name) {
                    value.clone_into(field);
                }
            }
            if line.starts_with("made up ") {
                return Ok(azure);
            }
        }
        Err("the simulator ended before it listened".into())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Full quotas and nothing asked yet.
    pub(crate) fn begin_again(&self, quotas: &str) -> Result<()> {
        self.call("DELETE", "/_sim/requests", "")?;
        self.call("PUT", "/_sim/quotas", &format!("\"{quotas}\""))?;
        Ok(())
    }

    /// What was asked since.
    pub(crate) fn asked(&self) -> Result<Asked> {
        let body = self.call("GET", "/_sim/requests?limit=0", "")?;
        Ok(serde_json::from_slice(&body)?)
    }

    /// Everything that there is and somebody wrote, in lower case: what lies in Azure, and what is in the directory.
    pub(crate) fn truth(&self) -> Result<BTreeSet<String>> {
        let body = self.call("GET", "/_sim/truth", "")?;
        let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let mut truth = BTreeSet::new();
        for line in lines {
            let line: Line = serde_json::from_slice(line)?;
            if !line.default && line.kind != "secret" {
                truth.insert(line.id.to_lowercase());
            }
        }
        Ok(truth)
    }

    /// One call without TLS. The simulator closes the connection behind its answer.
    fn call(&self, method: &str, path: &str, body: &str) -> Result<Vec<u8>> {
        let authority = self.http.strip_prefix("http://").ok_or("no address")?;
        let mut stream = TcpStream::connect(authority)?;
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nhost: {authority}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let head = answer
            .windows(4)
            .position(|bytes| bytes == b"\r\n\r\n")
            .ok_or("the simulator gave no answer")?;
        let is_good = answer.get(9..10) == Some(b"2");
        let body = answer.split_off(head + 4);
        if is_good {
            Ok(body)
        } else {
            Err(format!("{method} {path}: {}", String::from_utf8_lossy(&answer)).into())
        }
    }

    /// What every client needs to log in, as variables that all Azure SDKs know.
    pub(crate) fn login(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AZURE_TENANT_ID", self.tenant.clone()),
            ("AZURE_CLIENT_ID", CLIENT_ID.to_owned()),
            ("AZURE_CLIENT_SECRET", SECRET.to_owned()),
            ("SSL_CERT_FILE", self.ca.display().to_string()),
            ("REQUESTS_CA_BUNDLE", self.ca.display().to_string()),
        ]
    }
}

impl Asked {
    /// Calls of a service.
    pub(crate) fn of(&self, service: &str) -> u64 {
        let own = self.by_status.iter();
        own.filter(|(name, _)| name.split(' ').next() == Some(service))
            .map(|(_, count)| count)
            .sum()
    }

    /// Calls that were refused for quota.
    pub(crate) fn refused(&self) -> u64 {
        self.buckets.values().map(|bucket| bucket.refused).sum()
    }

    /// The shortest time in which the calls that were allowed can be made, from full quotas: in seconds, by kind of quota,
    /// with the number of its buckets and of their calls. It is that of the busiest bucket of each.
    pub(crate) fn floors(&self) -> BTreeMap<&'static str, Floor> {
        let mut floors: BTreeMap<&'static str, Floor> = BTreeMap::new();
        for (name, bucket) in &self.buckets {
            let Some((kind, seconds)) = floor(name, bucket.used) else {
                continue;
            };
            let entry = floors.entry(kind).or_default();
            entry.buckets += 1;
            entry.calls += bucket.allowed;
            entry.refused += bucket.refused;
            entry.seconds = entry.seconds.max(seconds);
        }
        floors
    }

    /// The floor of everything: quotas empty side by side.
    pub(crate) fn floor(&self) -> f64 {
        self.floors()
            .values()
            .map(|floor| floor.seconds)
            .fold(0.0, f64::max)
    }
}

/// Of one kind of quota.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Floor {
    pub(crate) buckets: u64,
    pub(crate) calls: u64,
    pub(crate) refused: u64,
    pub(crate) seconds: f64,
}

/// As the simulator counts, whose figures are Azure's: see its README.
#[expect(clippy::cast_precision_loss, reason = "calls of a bench")]
fn floor(bucket: &str, used: u64) -> Option<(&'static str, f64)> {
    let tokens = |size: f64, rate: f64| ((used as f64 - size) / rate).max(0.0);
    let windows = |count: u64, seconds: u64| (used.div_ceil(count).saturating_sub(1) * seconds) as f64;
    let last = bucket.rsplit('/').next().unwrap_or_default();
    Some(match (bucket.split('/').next()?, last) {
        ("arm", "reads") if bucket.contains("/tenant/") => ("tenant reads", tokens(250.0, 25.0)),
        ("arm", "reads") => ("subscription reads", tokens(250.0, 25.0)),
        ("arm", "resource-graph-reads") => ("reads through Resource Graph", windows(4_000, 60)),
        ("resource-graph", _) => ("Resource Graph", windows(15, 5)),
        ("graph", _) => ("Microsoft Graph", windows(8_000, 10)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_is_that_of_the_busiest_bucket() {
        let bucket = |allowed| Bucket {
            allowed,
            refused: 1,
            used: allowed,
        };
        let buckets = BTreeMap::from([
            ("arm/c/s1/reads".to_owned(), bucket(500)),
            ("arm/c/s2/reads".to_owned(), bucket(300)),
            ("arm/c/tenant/reads".to_owned(), bucket(10)),
            ("resource-graph/c".to_owned(), bucket(31)),
        ]);
        let asked = Asked {
            buckets,
            ..Asked::default()
        };
        let floors = asked.floors();
        assert!((floors["subscription reads"].seconds - 10.0).abs() < 1e-9);
        assert_eq!(
            (
                floors["subscription reads"].buckets,
                floors["subscription reads"].calls
            ),
            (2, 800)
        );
        assert!((floors["Resource Graph"].seconds - 10.0).abs() < 1e-9);
        assert!(floors["tenant reads"].seconds.abs() < 1e-9);
        assert!((asked.floor() - 10.0).abs() < 1e-9);
    }
}
