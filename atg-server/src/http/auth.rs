//! Who is calling, and which jobs exist for them.

use std::{net::IpAddr, sync::Arc};

use atg_sdk::{Error, ErrorKind, FormerJob, Job, azure::TenantId};
use jiff::Timestamp;

use super::{Seen, Service, failure::Failure, limits::Lane, request::Incoming, routes};
use crate::keys::{Caller, Scope};

impl Service {
    /// The address that a call came from: the connection's, or what a trusted proxy says it was.
    pub(super) fn peer(&self, request: &Incoming) -> IpAddr {
        let direct = request.peer.ip().to_canonical();
        let trusted = |address: &IpAddr| self.options.trusted_proxies.contains(address);
        if !trusted(&direct) {
            return direct;
        }
        // From the right: what stands left of the first address that is no proxy of ours was written by strangers.
        let listed = request.parts.headers.get_all("x-forwarded-for");
        let listed: Vec<&str> = listed.iter().filter_map(|value| value.to_str().ok()).collect();
        let listed = listed.join(",");
        let hops = listed.rsplit(',').map(|hop| hop.trim().parse::<IpAddr>());
        for hop in hops {
            match hop {
                Ok(address) if trusted(&address.to_canonical()) => {}
                Ok(address) => return address.to_canonical(),
                Err(_) => break,
            }
        }
        direct
    }

    /// Who stands behind the key. Failed tries are counted by address, so that nobody can guess for long.
    pub(super) async fn authenticate(
        &self,
        header: Option<&[u8]>,
        peer: IpAddr,
    ) -> Result<Arc<Caller>, Failure> {
        match self.options.keys.authenticate(header, Timestamp::now()) {
            Ok(caller) => Ok(caller),
            Err(refusal) => {
                tracing::info!(target: "atg::audit", address = %peer, reason = %refusal, "call refused");
                self.admit_stranger(Lane::Other, peer).await?;
                Err(Failure::from(Error::new(
                    ErrorKind::Unauthenticated,
                    refusal.to_string(),
                )))
            }
        }
    }

    /// The job of that id, if it exists for the caller. A foreign job gets the answer of an unknown one.
    pub(super) async fn job_for(&self, id: &str, caller: &Caller, seen: &mut Seen) -> Result<Job, Failure> {
        let unknown = || {
            Failure::from(Error::not_found(format!(
                "no job {} is known to this server",
                id.escape_debug()
            )))
        };
        let job_id = routes::job_id(id).ok_or_else(unknown)?;
        let job = match self.executor.get_job(job_id).await {
            Ok(job) => job,
            // Of a job that is gone nobody hears who could not have seen it.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => {
                let theirs =
                    FormerJob::of(&error).is_some_and(|former| caller.sees(&former.owner, former.tenant_id));
                return Err(if theirs { error.into() } else { unknown() });
            }
            Err(error) => return Err(error.into()),
        };
        if !caller.sees(&job.owner, job.tenant_id) {
            return Err(unknown());
        }
        seen.job = Some(job.id);
        seen.tenant = job.tenant_id;
        Ok(job)
    }

    /// Refuses what the key is not good for.
    pub(super) fn require(caller: &Caller, scope: Option<Scope>) -> Result<(), Failure> {
        match scope {
            Some(scope) if !caller.may(scope) => Err(Failure::from(Error::new(
                ErrorKind::PermissionDenied,
                format!("the API key {} lacks the scope {scope}", caller.key),
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses a tenant that the key, or this whole service, is not for.
    pub(super) fn require_tenant(&self, caller: &Caller, tenant: TenantId) -> Result<(), Failure> {
        let refuse = |why: String| Err(Failure::from(Error::new(ErrorKind::PermissionDenied, why)));
        if self.options.target_tenant.is_some_and(|target| target != tenant) {
            return refuse(format!("this service is not for tenant {tenant}"));
        }
        if !caller.tenants.admits(tenant) {
            return refuse(format!("the API key {} is not for tenant {tenant}", caller.key));
        }
        Ok(())
    }
}
