//! `POST /api/v1/<operation>`

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use atg_sdk::{
    Error, ErrorKind, FormerJob, InputContent, Job, JobId, JobRequest, Operation, TraceParent,
    azure::TenantId,
    model::operations::diff::Side,
    rest::{PROBLEM_JSON, headers},
};
use futures::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version, header, request::Parts};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Seen, Service,
    body::{Body, json as json_body},
    failure::Failure,
    request::Incoming,
    routes::BASE,
};
use crate::keys::{Caller, Scope};

/// The longest that `Prefer: wait` and `?wait=` hold a call, in seconds.
pub(super) const MAX_WAIT: u64 = 60;
/// How long a client should wait before it asks for a running job again, in seconds.
pub(super) const RETRY_AFTER: u64 = 2;

/// Whether the operation means every tenant of the key where it names none.
fn may_omit_tenant(operation: &str) -> bool {
    matches!(
        operation,
        "query" | "export" | "import" | "diff" | "self-test" | "rehearsal"
    )
}

impl Service {
    pub(super) async fn submit(
        &self,
        name: &'static str,
        request: Incoming,
        caller: &Caller,
        seen: &mut Seen,
    ) -> Result<Response<Body>, Failure> {
        Self::require(caller, Scope::of_operation(name))?;
        self.refuse_while_draining()?;
        request.only_queries(&["validate_only"])?;
        accepts_json(&request.parts.headers)?;
        let validate_only = flag(&request, "validate_only")?;
        let secure = request.secure;
        let limits = &self.options.limits;
        let (parts, bytes) = json_body_of(request, limits.body_bytes, limits.idle).await?;
        let key = IdempotencyKey::of(&parts.headers)?;
        let operation = self.operation(name, &bytes, caller)?;
        seen.tenant = operation.tenant_id();
        if let Some(validate) = self.options.validate {
            validate(&operation)?;
        }
        if validate_only {
            self.require_inputs(&operation, caller).await?;
            self.require_scans(&operation, caller).await?;
            let answer = json!({ "valid": true, "operation": name, "parameters": operation.parameters() });
            return Ok(json_body(StatusCode::OK, &answer)?);
        }
        let wait = preferred_wait(&parts.headers);
        let id = key.job_id(caller);
        let accepting = match key {
            IdempotencyKey::None => None,
            IdempotencyKey::Uuid(_) | IdempotencyKey::Text(_) => Some(self.accepting.begin(id)?),
        };
        let known = self.remembered(id, &key, &operation, caller).await?;
        let (job, fresh) = match known {
            Some(job) => (job, false),
            None => (self.accept(id, operation, caller, seen.trace).await?, true),
        };
        // From here on the job is there for whoever sends the same again.
        drop(accepting);
        seen.job = Some(job.id);
        let (job, waited) = match wait {
            Some(limit) if !job.status.has_ended() => (self.wait_for_end(job.id, limit).await?, true),
            _ => (job, wait.is_some()),
        };
        let status = if !fresh || (waited && job.status.has_ended()) {
            StatusCode::OK
        } else {
            StatusCode::ACCEPTED
        };
        let mut response = json_body(status, &job)?;
        let url = self.url(secure, &parts, &format!("{BASE}/jobs/{}", job.id));
        let answer = response.headers_mut();
        if let Ok(url) = HeaderValue::from_str(&url) {
            answer.insert(header::LOCATION, url.clone());
            answer.insert(HeaderName::from_static(headers::OPERATION_LOCATION), url);
        }
        if !job.status.has_ended() {
            answer.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
        }
        if let (true, Some(limit)) = (waited, wait)
            && let Ok(applied) = HeaderValue::from_str(&format!("wait={}", limit.as_secs()))
        {
            answer.insert(HeaderName::from_static(headers::PREFERENCE_APPLIED), applied);
        }
        Ok(response)
    }

    /// Reads a body strictly: every invalid member is named, all at once.
    fn operation(&self, name: &'static str, bytes: &[u8], caller: &Caller) -> Result<Operation, Failure> {
        // What JSON takes for space, which is less than ASCII has.
        let text = if bytes.iter().all(|byte| b" \t\r\n".contains(byte)) {
            b"{}"
        } else {
            bytes
        };
        let mut body: Value = serde_json::from_slice(text).map_err(|error| {
            let error = Error::invalid(format!("the body is not JSON: {error}")).with_code("MalformedJson");
            Failure::with_status(error, StatusCode::BAD_REQUEST)
        })?;
        let invalid = self.schemas.check(name, &body);
        if !invalid.is_empty() {
            let error = Error::invalid(format!("the body is not what {name} takes: see `errors`"));
            let error = invalid.into_iter().fold(error, |error, field| {
                error.with_field(field.pointer, field.detail)
            });
            return Err(error.into());
        }
        if let (Some(target), Some(members)) = (self.options.target_tenant, body.as_object_mut())
            && members.get("tenant_id").is_none_or(Value::is_null)
        {
            members.insert("tenant_id".to_owned(), Value::String(target.to_string()));
        }
        let operation = Operation::from_parts(name, body)?;
        for tenant in operation.named_tenants() {
            self.require_tenant(caller, tenant)?;
        }
        match operation.tenant_id() {
            Some(_) => {}
            None if may_omit_tenant(name) => {}
            None => {
                let error = Error::invalid(format!("the body is not what {name} takes: see `errors`"));
                return Err(error
                    .with_field(
                        "/tenant_id",
                        "is missing, and this service has no tenant of its own",
                    )
                    .into());
            }
        }
        Ok(operation)
    }

    /// The job that this idempotency key made before, if there is one and the request is the same.
    async fn remembered(
        &self,
        id: JobId,
        key: &IdempotencyKey,
        operation: &Operation,
        caller: &Caller,
    ) -> Result<Option<Job>, Failure> {
        if matches!(key, IdempotencyKey::None) {
            return Ok(None);
        }
        let job = match self.executor.get_job(id).await {
            Ok(job) => job,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(former_or_foreign(error, caller)),
        };
        let same = job.owner == caller.owner
            && job.operation == operation.name()
            && job.parameters == operation.parameters();
        if same { Ok(Some(job)) } else { Err(reused_key()) }
    }

    async fn accept(
        &self,
        id: JobId,
        operation: Operation,
        caller: &Caller,
        trace: Option<TraceParent>,
    ) -> Result<Job, Failure> {
        self.require_scans(&operation, caller).await?;
        let confined_to = self.confinement(caller);
        let request = JobRequest {
            confined_to,
            trace,
            ..JobRequest::new(operation)
                .with_id(id)
                .with_owner(caller.owner.clone())
        };
        self.executor
            .submit_job(request)
            .await
            .map_err(|error| match error.kind() {
                // The race that `remembered` could not see.
                ErrorKind::Conflict if !error.is_retryable() => reused_key(),
                ErrorKind::NotFound => unknown_input(&error),
                _ => former_or_foreign(error, caller),
            })
    }

    /// Refuses inputs that the caller has not sent.
    async fn require_inputs(&self, operation: &Operation, caller: &Caller) -> Result<(), Failure> {
        for digest in operation.inputs() {
            let known = InputContent::Known(digest.clone());
            match self.executor.put_input(&caller.owner, known).await {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => return Err(unknown_input(&error)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Refuses scans that are not the caller's, or that kept nothing to compare with.
    async fn require_scans(&self, operation: &Operation, caller: &Caller) -> Result<(), Failure> {
        let Operation::Diff(parameters) = operation else {
            return Ok(());
        };
        for (name, side) in parameters.sides() {
            let Side::ScanId(scan) = side else {
                continue;
            };
            let found = match self.executor.get_job(scan.job()).await {
                Ok(job) if job.owner == caller.owner => scan.kept_export(&job).map(|_| job.tenant_id),
                Ok(_) => Err(scan.unknown()),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => {
                    Err(scan.unknown())
                }
                Err(error) => return Err(error.into()),
            };
            match found {
                Ok(tenant) => tenant.map_or(Ok(()), |tenant| self.require_tenant(caller, tenant))?,
                Err(error) if error.kind() == ErrorKind::Conflict => return Err(error.into()),
                Err(error) => return Err(unknown_scan(&error, name)),
            }
        }
        Ok(())
    }

    /// The tenants that exist for the caller's jobs; `None` for all.
    pub(super) fn confinement(&self, caller: &Caller) -> Option<Vec<TenantId>> {
        match (caller.tenants.confinement(), self.options.target_tenant) {
            (None, None) => None,
            (None, Some(target)) => Some(vec![target]),
            (Some(tenants), None) => Some(tenants),
            (Some(tenants), Some(target)) => {
                Some(tenants.into_iter().filter(|tenant| *tenant == target).collect())
            }
        }
    }

    /// The job once it has ended, or as it is when the time is over.
    pub(super) async fn wait_for_end(&self, id: JobId, limit: Duration) -> Result<Job, Failure> {
        let mut events = self.executor.watch_job(id, None);
        let follow = async {
            while let Some(event) = events.next().await {
                if event.is_err() {
                    break;
                }
            }
        };
        tokio::select! {
            () = follow => {}
            () = tokio::time::sleep(limit) => {}
            // A server that stops does not hold its callers.
            () = self.draining.cancelled() => {}
        }
        Ok(self.executor.get_job(id).await?)
    }

    pub(super) fn refuse_while_draining(&self) -> Result<(), Failure> {
        if self.draining.is_cancelled() {
            let error = Error::new(
                ErrorKind::Unavailable,
                "this server is stopping: try again, another one will answer",
            );
            return Err(error.into());
        }
        Ok(())
    }

    /// An absolute URL of this service.
    pub(super) fn url(&self, secure: bool, parts: &Parts, path: &str) -> String {
        if let Some(base) = &self.options.public_url {
            return format!("{}{path}", base.trim_end_matches('/'));
        }
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let host = host
            .or_else(|| parts.uri.authority().map(http::uri::Authority::as_str))
            .unwrap_or("localhost");
        let scheme = if secure { "https" } else { "http" };
        format!("{scheme}://{host}{path}")
    }
}

/// The ids of jobs that are being accepted at this moment.
#[derive(Debug, Default, Clone)]
pub(crate) struct Accepting(Arc<Mutex<HashSet<JobId>>>);

/// One of them, until it is dropped.
#[derive(Debug)]
struct BeingAccepted {
    all: Accepting,
    id: JobId,
}

impl Accepting {
    /// Refuses a submission whose twin is on its way in: whether they are the same is known once that one is there.
    fn begin(&self, id: JobId) -> Result<BeingAccepted, Failure> {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id) {
            return Ok(BeingAccepted {
                all: self.clone(),
                id,
            });
        }
        let error = Error::conflict("the same Idempotency-Key is still being accepted: send it again")
            .with_code("StillBeingAccepted")
            .with_retryable(true);
        Err(error.into())
    }
}

impl Drop for BeingAccepted {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.id);
    }
}

/// An input that nobody sent: the caller's body is what is wrong, not the path.
fn unknown_input(error: &Error) -> Failure {
    Failure::from(
        Error::invalid("the body names an input that this service does not hold")
            .with_code("UnknownInput")
            .with_field("/input", error.message().to_owned()),
    )
}

/// A scan that cannot be a side: the caller's body is what is wrong, not the path.
fn unknown_scan(error: &Error, side: &str) -> Failure {
    Failure::from(
        Error::invalid("the body names a scan of which there is no kept export")
            .with_code("UnknownScan")
            .with_field(format!("/{side}/scan_id"), error.message().to_owned()),
    )
}

/// An id that stands for a job that is gone: its owner hears so, anybody else what he would hear of one that is there.
fn former_or_foreign(error: Error, caller: &Caller) -> Failure {
    let own = FormerJob::of(&error).is_some_and(|former| former.owner == caller.owner);
    if error.kind() == ErrorKind::Gone && !own {
        return reused_key();
    }
    error.into()
}

fn reused_key() -> Failure {
    let error = Error::invalid("this Idempotency-Key was used for another request: take a new one");
    Failure::from(error.with_code("IdempotencyKeyReused"))
}

/// How a caller names a submission, so that sending it twice does it once.
#[derive(Debug, PartialEq, Eq)]
enum IdempotencyKey {
    None,
    /// Is the job's id.
    Uuid(Uuid),
    /// Any text; the id is derived from it and the owner.
    Text(String),
}

impl IdempotencyKey {
    fn of(headers: &HeaderMap) -> Result<Self, Failure> {
        let Some(value) = headers.get(headers::IDEMPOTENCY_KEY) else {
            return Ok(Self::None);
        };
        let text = value.to_str().unwrap_or_default().trim();
        // The draft's own syntax is a quoted string; a bare one is what people send.
        let text = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .unwrap_or(text);
        if text.is_empty() || text.chars().count() > 255 || text.chars().any(char::is_control) {
            let error = Error::invalid("the header Idempotency-Key is not valid");
            let error = error.with_field(
                "Idempotency-Key",
                "must be a UUID or a text of 1 to 255 printable characters",
            );
            return Err(error.into());
        }
        Ok(match Uuid::try_parse(text) {
            Ok(id) => Self::Uuid(id),
            Err(_) => Self::Text(text.to_owned()),
        })
    }

    fn job_id(&self, caller: &Caller) -> JobId {
        match self {
            Self::None => JobId::new(),
            Self::Uuid(id) => JobId::from_uuid(*id),
            Self::Text(text) => {
                let owner = Uuid::new_v5(&Uuid::NAMESPACE_OID, caller.owner.as_str().as_bytes());
                JobId::from_uuid(Uuid::new_v5(&owner, text.as_bytes()))
            }
        }
    }
}

/// For how long the caller asks to be held, at the most.
pub(super) fn held_for(request: &Incoming) -> Duration {
    let asked = request
        .query("wait")
        .and_then(|text| text.parse().ok())
        .map(Duration::from_secs);
    asked
        .or_else(|| preferred_wait(&request.parts.headers))
        .unwrap_or_default()
        .min(Duration::from_secs(MAX_WAIT))
}

/// `Prefer: wait=N`
fn preferred_wait(headers: &HeaderMap) -> Option<Duration> {
    let values = headers
        .get_all(headers::PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split([',', ';'])).map(str::trim);
    let seconds = preferences.find_map(|preference| {
        let (name, value) = preference.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("wait")
            .then(|| value.trim().trim_matches('"').parse::<u64>().ok())?
    })?;
    Some(Duration::from_secs(seconds.min(MAX_WAIT)))
}

/// A query parameter that is true or false.
pub(super) fn flag(request: &Incoming, name: &str) -> Result<bool, Failure> {
    match request.query(name).as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => {
            let error = Error::invalid("the query string is not valid");
            Err(error
                .with_field(format!("?{name}"), "must be true or false")
                .into())
        }
    }
}

async fn json_body_of(
    request: Incoming,
    limit: usize,
    idle: Duration,
) -> Result<(Parts, bytes::Bytes), Failure> {
    let media_type = request.header(header::CONTENT_TYPE).unwrap_or_default();
    let essence = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let length = request.header(header::CONTENT_LENGTH);
    if length.is_none() && !request.is_chunked() && request.parts.version < Version::HTTP_2 {
        return Err(length_required("the body"));
    }
    let empty = length == Some("0");
    let json =
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    if !(json || empty && essence.is_empty()) {
        let error = Error::invalid("send the body as Content-Type: application/json")
            .with_code("UnsupportedMediaType");
        return Err(Failure::with_status(error, StatusCode::UNSUPPORTED_MEDIA_TYPE)
            .header(header::ACCEPT, "application/json"));
    }
    request.read(limit, idle).await
}

/// The answer to a request of HTTP/1.1 that does not say where its body ends.
pub(super) fn length_required(what: &str) -> Failure {
    let error =
        Error::invalid(format!("say how long {what} is, or send it chunked")).with_code("LengthRequired");
    Failure::with_status(error, StatusCode::LENGTH_REQUIRED)
}

/// Refuses a caller that will not take JSON.
pub(super) fn accepts_json(headers: &HeaderMap) -> Result<(), Failure> {
    accepts(headers, "application/json")
}

/// Refuses a caller that will not take this media type. Problem details are always taken.
pub(super) fn accepts(headers: &HeaderMap, media_type: &str) -> Result<(), Failure> {
    let kind = media_type.split('/').next().unwrap_or_default();
    let accepted: Vec<_> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let fits = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let refused = parts.any(|part| {
            matches!(
                part.replace(' ', "").as_str(),
                "q=0" | "q=0.0" | "q=0.00" | "q=0.000"
            )
        });
        !refused
            && (essence == "*/*"
                || essence == media_type
                || essence == PROBLEM_JSON
                || essence.strip_suffix("/*").is_some_and(|range| range == kind))
    };
    if accepted.is_empty() || accepted.iter().flat_map(|value| value.split(',')).any(fits) {
        return Ok(());
    }
    let error = Error::invalid(format!("this call answers {media_type} only")).with_code("NotAcceptable");
    Err(Failure::with_status(error, StatusCode::NOT_ACCEPTABLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_header_is_read_or_refused(value in "[ -~]{0,80}", count in 0_usize..3) {
            let mut sent = HeaderMap::new();
            for name in ["accept", "prefer", "idempotency-key"] {
                for _ in 0..count {
                    sent.append(name, HeaderValue::from_str(&value).unwrap());
                }
            }
            let _ = accepts_json(&sent);
            proptest::prop_assert!(preferred_wait(&sent).unwrap_or_default().as_secs() <= MAX_WAIT);
            if let Ok(IdempotencyKey::Text(text)) = IdempotencyKey::of(&sent) {
                proptest::prop_assert!((1..=255).contains(&text.chars().count()));
            }
        }
    }

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn a_uuid_is_the_jobs_id_and_a_text_gives_one_for_each_owner() {
        let id = Uuid::now_v7();
        assert_eq!(
            IdempotencyKey::of(&headers("idempotency-key", &id.to_string())).unwrap(),
            IdempotencyKey::Uuid(id)
        );
        let caller = |owner: &str| Caller {
            key: "AAAAAAAA".parse().unwrap(),
            owner: atg_sdk::Owner::new(owner),
            scopes: Vec::new(),
            tenants: crate::keys::TenantAccess::Every,
        };
        let text = IdempotencyKey::of(&headers("idempotency-key", "\"nightly 2026-11-23\"")).unwrap();
        assert_eq!(text.job_id(&caller("a")), text.job_id(&caller("a")));
        assert_ne!(text.job_id(&caller("a")), text.job_id(&caller("b")));
        assert!(IdempotencyKey::of(&headers("idempotency-key", &"x".repeat(256))).is_err());
        assert!(IdempotencyKey::of(&headers("idempotency-key", "  ")).is_err());
    }

    #[test]
    fn a_wait_is_read_and_bounded() {
        assert_eq!(
            preferred_wait(&headers("prefer", "respond-async, wait=10")),
            Some(Duration::from_secs(10))
        );
        assert_eq!(
            preferred_wait(&headers("prefer", "wait=100000")),
            Some(Duration::from_secs(MAX_WAIT))
        );
        assert_eq!(preferred_wait(&headers("prefer", "wait=soon")), None);
        assert_eq!(preferred_wait(&HeaderMap::new()), None);
    }

    #[test]
    fn only_a_caller_who_refuses_json_is_refused() {
        for fine in ["*/*", "text/html, application/json;q=0.1", "application/*"] {
            assert!(accepts_json(&headers("accept", fine)).is_ok(), "{fine}");
        }
        for not in ["text/html", "application/xml", "application/json;q=0"] {
            assert!(accepts_json(&headers("accept", not)).is_err(), "{not}");
        }
    }
}
