//! Running `atg` in a home of its own.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const TENANT: &str = "11111111-1111-1111-1111-111111111111";
pub(crate) const SUBSCRIPTION: &str = "22222222-2222-2222-2222-222222222222";

/// A home directory, a data directory and a current directory that nobody else has.
#[derive(Debug)]
pub(crate) struct Home {
    directory: TempDir,
}

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(home.work()).unwrap();
        home
    }

    /// One whose graph holds [`tenant`].
    pub(crate) fn scanned() -> Self {
        let home = Self::new();
        let source = home.file("tenant.jsonl", &tenant());
        home.run(&["scan", "--from", &source, "--tenant-id", TENANT])
            .expect(0);
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The current directory of its commands.
    pub(crate) fn work(&self) -> PathBuf {
        self.path().join("work")
    }

    /// Writes a file into the current directory of its commands and returns its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.work().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_atg"));
        command
            .args(args)
            .current_dir(self.work())
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("ATG_DATA_DIR", self.path().join("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    pub(crate) fn run_with_stdin(&self, args: &[&str], stdin: &[u8]) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        // A command that refuses its input closes the pipe early, which is its right.
        let _ = pipe.write_all(stdin);
        drop(pipe);
        Ran::from(child.wait_with_output().unwrap())
    }

    pub(crate) fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    /// The jobs of that state.
    pub(crate) fn jobs(&self, status: &str) -> Vec<Value> {
        let ran = self
            .run(&[
                "job", "list", "--status", status, "--limit", "1000", "--output", "json",
            ])
            .expect(0);
        ran.json()["jobs"].as_array().unwrap().clone()
    }

    /// The first cell of a query's answer.
    pub(crate) fn cell(&self, query: &str) -> Value {
        let answer = self.run(&["query", query, "--output", "json"]).expect(0).json();
        answer["rows"][0]
            .as_object()
            .unwrap()
            .values()
            .next()
            .unwrap()
            .clone()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            // A signal's death has no code; shells say 128 + signal, and no test waits for one.
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// An error: that exit code, these words on stderr, and nothing on stdout.
    #[track_caller]
    pub(crate) fn expect_error(self, code: i32, words: &[&str]) -> Self {
        let ran = self.expect(code);
        assert_eq!(ran.stdout, "", "an error has nothing to say on stdout");
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
        for word in words {
            assert!(ran.stderr.contains(word), "`{word}` is not in\n{}", ran.stderr);
        }
        ran
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in\n{}\nstderr:\n{}", self.stdout, self.stderr))
    }
}

/// Sends a signal by name, `INT` for example.
#[cfg(unix)]
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("sh")
        .args(["-c", &format!("kill -{name} {}", child.id())])
        .status()
        .unwrap();
    assert!(status.success());
}

pub(crate) fn resource_id(rest: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-web/providers/{rest}")
}

/// A machine with its interface, network and disk: five resources of five types, one of them with a password.
pub(crate) fn tenant() -> String {
    let network = resource_id("Microsoft.Network/virtualNetworks/vnet-web");
    let subnet = format!("{network}/subnets/default");
    let interface = resource_id("Microsoft.Network/networkInterfaces/nic-web");
    let disk = resource_id("Microsoft.Compute/disks/disk-web");
    let machine = resource_id("Microsoft.Compute/virtualMachines/vm-web");
    let rows = [
        serde_json::json!({"id": network, "name": "vnet-web", "type": "Microsoft.Network/virtualNetworks",
            "location": "westeurope", "tags": {"env": "prod"},
            "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}),
        serde_json::json!({"id": subnet, "name": "default", "type": "Microsoft.Network/virtualNetworks/subnets",
            "properties": {"addressPrefix": "10.0.0.0/24"}}),
        serde_json::json!({"id": interface, "name": "nic-web", "type": "Microsoft.Network/networkInterfaces",
            "location": "westeurope",
            "properties": {"ipConfigurations": [{"name": "one", "properties": {"subnet": {"id": subnet}}}]}}),
        serde_json::json!({"id": disk, "name": "disk-web", "type": "Microsoft.Compute/disks",
            "location": "westeurope", "properties": {"diskSizeGB": 9_007_199_254_740_993_u64}}),
        serde_json::json!({"id": machine, "name": "vm-web", "type": "Microsoft.Compute/virtualMachines",
            "location": "westeurope", "tags": {"env": "prod"},
            "properties": {
                "hardwareProfile": {"vmSize": "Standard_B2s"},
                "osProfile": {"computerName": "vm-web", "adminPassword": "canary-of-a-password"},
                "storageProfile": {"osDisk": {"managedDisk": {"id": disk}}},
                "networkProfile": {"networkInterfaces": [{"id": interface}]}}}),
    ];
    rows.map(|row| format!("{row}\n")).concat()
}
