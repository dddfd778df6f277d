//! Another process that shares a data directory: this test binary, started once more.
//!
//! The child speaks one line at a time on standard output and ends when its standard input does, so that no child
//! outlives a test that failed.

use std::{
    env,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{Executor as _, JobId, Operation, model::operations::rehearsal::Parameters};
use serde_json::{Value, json};

use crate::support::open;

const DIRECTORY: &str = "ATG_TEST_CHILD_DIRECTORY";
/// Address, tenant and authority of a simulated Azure.
const AZURE: &str = "ATG_TEST_CHILD_AZURE";
const SCRIPT: &str = "ATG_TEST_CHILD_SCRIPT";
/// Libtest writes on the same stream; ours are known by their beginning.
const MARK: &str = "child-job ";

/// A process that runs one job.
pub(crate) struct Other {
    child: Child,
    /// The job that it submitted.
    pub(crate) job: JobId,
    _stdout: BufReader<ChildStdout>,
}

impl Other {
    /// A process that may sign in to a simulated Azure: its address, tenant and authority.
    pub(crate) fn begin_at(data_dir: &Path, operation: &Operation, azure: (&str, &str, &str)) -> Self {
        Self::spawn(data_dir, operation, Some(json!(azure)))
    }

    /// Starts a process that submits that script, and waits until it has.
    pub(crate) fn start(data_dir: &Path, script: &Parameters) -> Self {
        Self::begin(data_dir, &Operation::Rehearsal(script.clone()))
    }

    /// The same with any operation.
    pub(crate) fn begin(data_dir: &Path, operation: &Operation) -> Self {
        Self::spawn(data_dir, operation, None)
    }

    fn spawn(data_dir: &Path, operation: &Operation, azure: Option<Value>) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        if let Some(azure) = azure {
            command.env(AZURE, azure.to_string());
        }
        let mut child = command
            .args(["--exact", "child::another_process", "--ignored", "--nocapture"])
            .env(DIRECTORY, data_dir)
            .env(
                SCRIPT,
                json!([operation.name(), operation.parameters()]).to_string(),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let job = loop {
            line.clear();
            assert!(
                stdout.read_line(&mut line).unwrap() > 0,
                "the other process said nothing"
            );
            if let Some((_, id)) = line.split_once(MARK) {
                break id.trim().parse().unwrap();
            }
        };
        Self {
            child,
            job,
            _stdout: stdout,
        }
    }

    /// Kills it without a warning: on Unix with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[cfg(unix)]
impl Other {
    /// Stops it where it is, as Ctrl-Z does.
    pub(crate) fn suspend(&self) {
        let status = Command::new("kill")
            .args(["-STOP", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "is a process that other tests start"]
fn another_process() {
    // Whoever runs all ignored tests has started none of its own.
    let Some(data_dir) = env::var_os(DIRECTORY) else {
        return;
    };
    let (name, parameters): (String, Value) = serde_json::from_str(&env::var(SCRIPT).unwrap()).unwrap();
    let operation = Operation::from_parts(&name, parameters).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let executor = match env::var(AZURE) {
            Err(_) => open(Path::new(&data_dir)),
            Ok(azure) => {
                let [origin, tenant, ca]: [String; 3] = serde_json::from_str(&azure).unwrap();
                let options =
                    LocalOptions::new(&data_dir).with_azure(crate::live::options(&origin, &tenant, &ca));
                LocalExecutor::open(options).unwrap()
            }
        };
        let job = executor
            .submit_job(atg_sdk::JobRequest::new(operation))
            .await
            .unwrap();
        writeln!(std::io::stdout(), "{MARK}{}", job.id).unwrap();
        let end_of_test = || std::io::stdin().read_to_end(&mut Vec::new());
        tokio::task::spawn_blocking(end_of_test).await.unwrap().unwrap();
    });
}
