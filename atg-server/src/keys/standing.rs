//! What an owner may do at this moment, whichever of their keys is asked for.

use atg_sdk::{Error, ErrorKind, Owner, Result, azure::TenantId};
use jiff::Timestamp;

use super::{KeyRing, Scope, TenantAccess};

impl KeyRing {
    /// Looks at a job once more before it starts: its key may have been taken back or narrowed since it was accepted.
    /// What counts is what the owner's keys in force allow together, so that a rotation loses nothing. Returns the only
    /// tenants that exist for the job; all where `None`.
    ///
    /// # Errors
    /// `PermissionDenied` when no key of the owner may do this any more, or not for that tenant.
    pub fn standing(
        &self,
        owner: &Owner,
        operation: &str,
        tenants: &[TenantId],
        confined_to: Option<&[TenantId]>,
        now: Timestamp,
    ) -> Result<Option<Vec<TenantId>>> {
        let refuse = |why: &str| {
            Err(Error::new(
                ErrorKind::PermissionDenied,
                format!("start the job: {why}"),
            ))
        };
        let in_force = self.in_force(owner, now);
        if in_force.is_empty() {
            return refuse("no API key of its owner is in force any more");
        }
        let scope = Scope::of_operation(operation);
        let may = |scopes: &[Scope]| {
            scope.is_none_or(|scope| scopes.contains(&scope) || scopes.contains(&Scope::Admin))
        };
        let accesses: Vec<_> = in_force
            .into_iter()
            .filter(|(scopes, _)| may(scopes))
            .map(|(_, tenants)| tenants)
            .collect();
        if accesses.is_empty() {
            return refuse("no API key of its owner has the scope for it any more");
        }
        let admitted = |tenant: &TenantId| accesses.iter().any(|access| access.admits(*tenant));
        if !tenants.iter().all(admitted) {
            return refuse("no API key of its owner is for its tenants any more");
        }
        let known: Option<Vec<TenantId>> = accesses
            .iter()
            .map(TenantAccess::confinement)
            .collect::<Option<Vec<_>>>()
            .map(|lists| lists.concat());
        match (confined_to, known) {
            (stored, None) => Ok(stored.map(<[TenantId]>::to_vec)),
            (None, Some(known)) => Ok(Some(known)),
            (Some(stored), Some(known)) => {
                let left: Vec<_> = stored.iter().copied().filter(|id| known.contains(id)).collect();
                if left.is_empty() && !stored.is_empty() {
                    return refuse("no API key of its owner is for any of its tenants any more");
                }
                Ok(Some(left))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use secrecy::SecretString;

    use super::*;
    use crate::keys::{ApiKey, Environment, KeyRecord, KeyState, Pepper, StaticKeys};

    const A: &str = "aaaaaaaa-0000-4000-8000-00000000000a";
    const B: &str = "bbbbbbbb-0000-4000-8000-00000000000b";

    fn id(text: &str) -> TenantId {
        text.parse().unwrap()
    }

    fn record(owner: &str, scopes: &[Scope], tenants: TenantAccess) -> KeyRecord {
        let key = ApiKey::generate(Environment::Dev).unwrap();
        KeyRecord {
            id: key.id().clone(),
            hash: String::new(),
            owner: Owner::new(owner),
            environment: Environment::Dev,
            scopes: scopes.to_vec(),
            tenants,
            not_before: None,
            expires_at: None,
            state: KeyState::Active,
        }
    }

    async fn standing(
        records: Vec<KeyRecord>,
        tenant: Option<&str>,
        confined_to: Option<&[TenantId]>,
    ) -> Result<Option<Vec<TenantId>>> {
        let secret = SecretString::from("a pepper for tests only");
        let pepper = Pepper::new(secrecy::ExposeSecret::expose_secret(&secret).as_bytes()).unwrap();
        let ring = KeyRing::load(Arc::new(StaticKeys(records)), pepper, Environment::Dev).await?;
        let now = Timestamp::from_second(1_000).unwrap();
        let tenants: Vec<_> = tenant.map(id).into_iter().collect();
        ring.standing(&Owner::new("one"), "scan", &tenants, confined_to, now)
    }

    #[tokio::test]
    async fn a_job_whose_keys_are_gone_or_narrowed_is_refused() {
        let only = |tenants: &[&str]| TenantAccess::Only(tenants.iter().map(|text| id(text)).collect());
        let good = || record("one", &[Scope::ScanRun], only(&[A]));
        let revoked = KeyRecord {
            state: KeyState::Revoked,
            ..good()
        };
        let late = KeyRecord {
            expires_at: Timestamp::from_second(1_000).ok(),
            ..good()
        };
        let other = KeyRecord {
            environment: Environment::Prod,
            ..good()
        };
        for records in [
            vec![],
            vec![revoked],
            vec![late],
            vec![other],
            vec![record("two", &[Scope::Admin], TenantAccess::Every)],
            vec![record("one", &[Scope::GraphRead], only(&[A]))],
            vec![record("one", &[Scope::ScanRun], only(&[B]))],
            // The one has the tenant, the other the scope.
            vec![
                record("one", &[Scope::ScanRun], only(&[B])),
                record("one", &[], only(&[A])),
            ],
        ] {
            let shown = format!("{records:?}");
            let error = standing(records, Some(A), Some(&[id(A)])).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{shown}");
        }
        assert_eq!(
            standing(vec![good()], Some(A), Some(&[id(A)])).await.unwrap(),
            Some(vec![id(A)])
        );
    }

    #[tokio::test]
    async fn what_is_left_is_what_was_stored_and_is_still_allowed() {
        let key = |tenants: &[&str]| {
            let tenants = tenants.iter().map(|text| id(text)).collect();
            record("one", &[Scope::Admin], TenantAccess::Only(tenants))
        };
        let every = record("one", &[Scope::Admin], TenantAccess::Every);
        let both = [id(A), id(B)];
        // Narrowed, widened, and two keys that have it together.
        assert_eq!(
            standing(vec![key(&[A])], None, None).await.unwrap(),
            Some(vec![id(A)])
        );
        assert_eq!(
            standing(vec![key(&[A])], None, Some(&both)).await.unwrap(),
            Some(vec![id(A)])
        );
        assert_eq!(
            standing(vec![every.clone()], None, Some(&both[..1]))
                .await
                .unwrap(),
            Some(vec![id(A)])
        );
        assert_eq!(standing(vec![every], None, None).await.unwrap(), None);
        let two = vec![key(&[A]), key(&[B])];
        assert_eq!(
            standing(two, None, Some(&both)).await.unwrap(),
            Some(both.to_vec())
        );
        standing(vec![key(&[])], None, Some(&both)).await.unwrap_err();
    }
}
