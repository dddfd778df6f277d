//! What every command works with.

use std::{cell::Cell, sync::Arc};

use atg_sdk::{
    Error, ErrorKind, Executor, InputContent, JobRequest, Operation, Owner, Result, azure::TenantId,
    model::InputDigest,
};

use crate::{
    args::GlobalArgs,
    executor,
    interrupt::Signals,
    printer::Printer,
    progress::Reporter,
    run::{self, Finished, Place},
    settings::Settings,
};

/// Settings, and the ways to say something.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) settings: Settings,
    pub(crate) printer: Printer,
    pub(crate) reporter: Reporter,
    pub(crate) signals: Signals,
    /// Whether the service carries out this command's jobs.
    is_remote: Cell<bool>,
}

impl Session {
    pub(crate) fn new(global: &GlobalArgs) -> Result<Self> {
        let settings = Settings::load(global)?;
        let color = settings.color.value;
        Ok(Self {
            printer: Printer::new(global.output, color),
            reporter: Reporter::new(global.quiet, color),
            signals: Signals::default(),
            is_remote: Cell::new(settings.service.remote.value),
            settings,
        })
    }

    /// The executor that carries out this command's jobs. Opens nothing before the first command needs it.
    pub(crate) async fn executor(&self) -> Result<Arc<dyn Executor>> {
        let (executor, is_remote) = executor::choose_for_new_jobs(&self.settings, &self.reporter).await?;
        self.is_remote.set(is_remote);
        Ok(executor)
    }

    /// The executor that knows the jobs there are: nobody stands in for a service that cannot be reached.
    pub(crate) fn executor_of_known_jobs(&self) -> Result<Arc<dyn Executor>> {
        executor::choose(&self.settings)
    }

    /// Where this command's jobs run.
    pub(crate) fn place(&self) -> Place {
        if self.is_remote.get() {
            Place::Service(self.settings.service.shown_url())
        } else {
            Place::Here
        }
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
        self.run_request(executor, JobRequest::new(operation)).await
    }

    /// The same with a request that says more than its operation.
    pub(crate) async fn run_request(
        &self,
        executor: &Arc<dyn Executor>,
        request: JobRequest,
    ) -> Result<Finished> {
        let signals = self.signals.attend().await?;
        run::run(executor, request, &self.reporter, &signals, &self.place()).await
    }

    /// The tenant that a command is about: its own flag, or what is set elsewhere.
    pub(crate) fn tenant(&self, flag: Option<TenantId>) -> Option<TenantId> {
        flag.or_else(|| self.settings.tenant_id.as_ref().map(|setting| setting.value))
    }
}
