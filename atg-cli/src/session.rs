//! What every command works with.

use std::sync::Arc;

use atg_sdk::{Executor, Operation, Result, azure::TenantId};

use crate::{
    args::GlobalArgs,
    executor,
    interrupt::Interrupts,
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
}

impl Session {
    pub(crate) fn new(global: &GlobalArgs) -> Result<Self> {
        let settings = Settings::load(global)?;
        let color = settings.color.value;
        Ok(Self {
            printer: Printer::new(global.output, color),
            reporter: Reporter::new(global.quiet, color),
            settings,
        })
    }

    /// The executor that carries out this command's jobs. Opens nothing before the first command needs it.
    pub(crate) fn executor(&self) -> Result<Arc<dyn Executor>> {
        executor::choose(&self.settings)
    }

    /// Submits an operation and follows it to its end.
    pub(crate) async fn run(&self, executor: &Arc<dyn Executor>, operation: Operation) -> Result<Finished> {
        let mut interrupts = Interrupts::listen()?;
        run::run(executor, operation, &self.reporter, &mut interrupts).await
    }

    /// The tenant that a command is about: its own flag, or what is set elsewhere.
    pub(crate) fn tenant(&self, flag: Option<TenantId>) -> Option<TenantId> {
        flag.or_else(|| self.settings.tenant_id.as_ref().map(|setting| setting.value))
    }
}
