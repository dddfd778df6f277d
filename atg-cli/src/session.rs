//! What every command works with.

use std::sync::Arc;

use atg_sdk::{
    Error, ErrorKind, Executor, InputContent, Operation, Owner, Result, azure::TenantId, model::InputDigest,
};

use crate::{
    args::GlobalArgs,
    executor,
    interrupt::Signals,
    printer::Printer,
    progress::Reporter,
    run::{self, Finished},
    settings::Settings,
};

/// Settings, and the ways to say something.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) settings: Settings,
    pub(crate) printer: Printer,
    pub(crate) reporter: Reporter,
    pub(crate) signals: Signals,
}

impl Session {
    pub(crate) fn new(global: &GlobalArgs) -> Result<Self> {
        let settings = Settings::load(global)?;
        let color = settings.color.value;
        Ok(Self {
            printer: Printer::new(global.output, color),
            reporter: Reporter::new(global.quiet, color),
            signals: Signals::default(),
            settings,
        })
    }

    /// The executor that carries out this command's jobs. Opens nothing before the first command needs it.
    pub(crate) fn executor(&self) -> Result<Arc<dyn Executor>> {
        executor::choose(&self.settings)
    }

    /// Makes an input known to the executor. Whoever presses Ctrl-C meanwhile has cancelled the command.
    pub(crate) async fn put_input(
        &self,
        executor: &Arc<dyn Executor>,
        content: InputContent,
    ) -> Result<InputDigest> {
        let signals = self.signals.attend().await?;
        let owner = Owner::default();
        tokio::select! {
            input = executor.put_input(&owner, content) => Ok(input?.sha256),
            () = signals.next() => Err(Error::new(ErrorKind::Cancelled, "cancelled while its input was being read")),
        }
    }

    /// Submits an operation and follows it to its end.
    pub(crate) async fn run(&self, executor: &Arc<dyn Executor>, operation: Operation) -> Result<Finished> {
        let signals = self.signals.attend().await?;
        run::run(executor, operation, &self.reporter, &signals).await
    }

    /// The tenant that a command is about: its own flag, or what is set elsewhere.
    pub(crate) fn tenant(&self, flag: Option<TenantId>) -> Option<TenantId> {
        flag.or_else(|| self.settings.tenant_id.as_ref().map(|setting| setting.value))
    }
}
