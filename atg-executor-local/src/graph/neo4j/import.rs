//! Reads an export back.

use std::sync::Arc;

use atg_bolt::{Packer, Value};
use atg_sdk::{Error, ErrorKind, Result, azure::TenantId};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Neo4jStore,
    carry::Carrier,
    forget,
    load::Numbers,
    lock::{self, Lock},
    server::Server,
};
use crate::graph::{
    Counts, ImportRequest, RecordSource,
    embedded::{follow::Follower, mirror::Mirror},
    import_check,
};

/// Checks everything, takes the lock of every tenant, then writes.
pub(super) fn run(
    store: &Neo4jStore,
    runtime: &Handle,
    request: &ImportRequest,
    records: &mut dyn RecordSource,
) -> Result<Counts> {
    let checked = import_check::check(request, records)?;
    let server = &store.0.server;
    if !request.replace {
        runtime.block_on(refuse_known(server, &checked.tenants))?;
    }
    let mut locks = runtime.block_on(take_all(store, &checked.tenants))?;
    for lock in &mut locks {
        lock.touch();
        runtime.block_on(forget::clear(server, lock.tenant, lock.fence))?;
        lock.edges = 0;
    }
    let mirror = Arc::new(Mirror::create(&store.0.scratch)?);
    let mut followers: Vec<(TenantId, Box<dyn Follower>)> = Vec::new();
    for lock in locks {
        followers.push((
            lock.tenant,
            Box::new(Carrier::new(
                runtime.clone(),
                server.clone(),
                lock,
                Arc::clone(&mirror),
                Numbers::default(),
                store.0.writes.clone(),
            )),
        ));
    }
    let scan_id = format!("import-{}", Uuid::now_v7());
    mirror.store.import_followed(followers, &scan_id, records)?;
    Ok(checked.counts)
}

/// Refuses tenants that the graph has anything of, before anything is touched.
async fn refuse_known(server: &Server, tenants: &[TenantId]) -> Result<()> {
    for tenant in tenants {
        let mut parameters = Packer::new();
        parameters.map(2).text("tenant").text(&tenant.to_string());
        parameters.text("prefix").text(&format!("{tenant}|"));
        let answer = server
            .read(
                "RETURN EXISTS { MATCH (t:_Tenant {tenant_id: $tenant}) WHERE t.last_scan_id IS NOT NULL }
                     OR EXISTS { MATCH (n:_Node) WHERE n.key STARTS WITH $prefix }",
                &parameters,
                "look the tenants up",
            )
            .await?;
        if answer.single().and_then(Value::as_bool) == Some(true) {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "import: the graph holds the tenant {tenant} already; pass --replace to put the export in its place"
                ),
            ));
        }
    }
    Ok(())
}

/// Takes every lock, or none.
async fn take_all(store: &Neo4jStore, tenants: &[TenantId]) -> Result<Vec<Lock>> {
    let mut taken = Vec::new();
    for tenant in tenants {
        let lock = lock::take(
            &store.0.server,
            *tenant,
            "atg import",
            true,
            &CancellationToken::new(),
            store.0.rhythm,
        )
        .await;
        match lock {
            Ok(lock) => taken.push(lock),
            Err(error) => {
                for lock in taken {
                    lock.release_untouched().await?;
                }
                return Err(match error.kind() {
                    ErrorKind::Conflict => Error::new(
                        ErrorKind::Conflict,
                        format!("import: the tenant {tenant}: {}", error.message()),
                    ),
                    _ => error,
                });
            }
        }
    }
    Ok(taken)
}
