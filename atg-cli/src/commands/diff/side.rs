//! What a side on the command line stands for.

use std::{path::Path, sync::Arc};

use atg_sdk::{
    Error, ErrorKind, Executor, Result,
    azure::TenantId,
    model::operations::diff::{ScanId, Side},
};

use crate::{commands::scan::open, session::Session};

/// Finds out what is meant, and hands a file over.
///
/// # Errors
/// `InvalidArgument` for what is neither a file nor a tenant nor a scan.
pub(super) async fn resolve(text: &str, executor: &Arc<dyn Executor>, session: &Session) -> Result<Side> {
    match text.split_once(':') {
        Some(("tenant", id)) => return id.parse().map(Side::TenantId),
        Some(("scan", id)) => return id.parse().map(Side::ScanId),
        Some(("file", path)) => return file(path, executor, session).await,
        _ => {}
    }
    if text == "-" || Path::new(text).exists() {
        return file(text, executor, session).await;
    }
    let (tenant, scan) = (text.parse::<TenantId>(), text.parse::<ScanId>());
    match (tenant, scan) {
        // Both are GUIDs: it is a scan if a job is called so.
        (Ok(tenant), Ok(scan)) => match executor.get_job(scan.job()).await {
            Ok(_) => Ok(Side::ScanId(scan)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Side::TenantId(tenant)),
            Err(error) => Err(error),
        },
        (Err(_), Ok(scan)) => Ok(Side::ScanId(scan)),
        _ => Err(Error::invalid(format!(
            "find `{}`: there is no such file, and it is neither a tenant id nor the id of a scan (see `atg graph \
             tenants` and `atg job list`)",
            text.escape_debug()
        ))),
    }
}

async fn file(path: &str, executor: &Arc<dyn Executor>, session: &Session) -> Result<Side> {
    let content = open(Path::new(path)).await?;
    session.put_input(executor, content).await.map(Side::Input)
}
