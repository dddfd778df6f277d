//! Which path and method is which call.

use std::{borrow::Cow, sync::LazyLock};

use atg_sdk::{JobId, Operation, rest::paths};
use http::Method;
use matchit::Router;
use percent_encoding::percent_decode_str;

/// The base path of the API.
pub(crate) use atg_sdk::rest::paths::BASE;

/// One call of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    Health,
    Live,
    Ready,
    Metrics,
    OpenApi,
    Docs,
    DocsAsset(String),
    Status,
    Submit(&'static str),
    PutInput(String),
    HeadInput(String),
    ListJobs,
    GetJob(String),
    JobResult(String),
    JobEvents(String),
    Archive(String),
    Artifact(String, String),
    Cancel(String),
    DeleteJob(String),
}

/// What a path is, whatever the method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Health,
    Live,
    Ready,
    Metrics,
    OpenApi,
    Docs,
    DocsAsset,
    Status,
    Operation(&'static str),
    Input,
    Jobs,
    Job,
    JobResult,
    JobEvents,
    Archive,
    Artifact,
    Cancel,
}

/// Why no call was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoRoute {
    /// No such path.
    Path,
    /// The path is there; these methods are its.
    Method(&'static [Method]),
    /// A part of the path is not what it should be.
    Malformed(&'static str),
}

static PLACES: LazyLock<Router<Place>> = LazyLock::new(|| {
    let mut router = Router::new();
    let mut add = |path: &str, place: Place| {
        // The table is fixed: two equal rows fail every test of this file.
        let inserted = router.insert(path, place);
        debug_assert!(inserted.is_ok(), "{path}: {inserted:?}");
    };
    add("/health", Place::Health);
    add("/health/live", Place::Live);
    add("/health/ready", Place::Ready);
    add("/metrics", Place::Metrics);
    add("/openapi.json", Place::OpenApi);
    add("/docs", Place::Docs);
    add("/docs/{*asset}", Place::DocsAsset);
    let mut api = |path: &str, place: Place| add(&format!("{BASE}{path}"), place);
    api("/health", Place::Health);
    api("/status", Place::Status);
    api("/inputs/{sha256}", Place::Input);
    api("/jobs", Place::Jobs);
    api("/jobs/{job_id}", Place::Job);
    api("/jobs/{job_id}/result", Place::JobResult);
    api("/jobs/{job_id}/events", Place::JobEvents);
    api("/jobs/{job_id}/artifacts", Place::Archive);
    api("/jobs/{job_id}/artifacts/{*name}", Place::Artifact);
    api("/jobs/{job_id}/cancel", Place::Cancel);
    for name in Operation::NAMES {
        api(&format!("/{name}"), Place::Operation(name));
    }
    router
});

const GET: &[Method] = &[Method::GET, Method::HEAD];
const POST: &[Method] = &[Method::POST];
const PUT: &[Method] = &[Method::PUT, Method::HEAD];
const JOB: &[Method] = &[Method::GET, Method::HEAD, Method::DELETE];

/// Finds the call of a method and a path.
pub(crate) fn find(method: &Method, path: &str) -> Result<Call, NoRoute> {
    let found = PLACES.at(path).map_err(|_| NoRoute::Path)?;
    let get = |call: Call| {
        if GET.contains(method) {
            Ok(call)
        } else {
            Err(NoRoute::Method(GET))
        }
    };
    let post = |call: Call| {
        if method == Method::POST {
            Ok(call)
        } else {
            Err(NoRoute::Method(POST))
        }
    };
    let part = |name: &'static str| -> Result<String, NoRoute> {
        let raw = found.params.get(name).unwrap_or_default();
        percent_decode_str(raw)
            .decode_utf8()
            .map(Into::into)
            .map_err(|_| NoRoute::Malformed(name))
    };
    match *found.value {
        Place::Health => get(Call::Health),
        Place::Live => get(Call::Live),
        Place::Ready => get(Call::Ready),
        Place::Metrics => get(Call::Metrics),
        Place::OpenApi => get(Call::OpenApi),
        Place::Docs => get(Call::Docs),
        Place::DocsAsset => get(Call::DocsAsset(part("asset")?)),
        Place::Status => get(Call::Status),
        Place::Operation(name) => post(Call::Submit(name)),
        Place::Input if method == Method::PUT => Ok(Call::PutInput(part("sha256")?)),
        Place::Input if method == Method::HEAD => Ok(Call::HeadInput(part("sha256")?)),
        Place::Input => Err(NoRoute::Method(PUT)),
        Place::Jobs => get(Call::ListJobs),
        Place::Job if method == Method::DELETE => Ok(Call::DeleteJob(part("job_id")?)),
        Place::Job if GET.contains(method) => Ok(Call::GetJob(part("job_id")?)),
        Place::Job => Err(NoRoute::Method(JOB)),
        Place::JobResult => get(Call::JobResult(part("job_id")?)),
        Place::JobEvents => get(Call::JobEvents(part("job_id")?)),
        Place::Archive => get(Call::Archive(part("job_id")?)),
        Place::Artifact => get(Call::Artifact(part("job_id")?, part("name")?)),
        Place::Cancel => post(Call::Cancel(part("job_id")?)),
    }
}

impl Call {
    /// The route's template: a bounded label for metrics, logs and limits.
    pub(crate) fn endpoint(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Health => "/health",
            Self::Live => "/health/live",
            Self::Ready => "/health/ready",
            Self::Metrics => "/metrics",
            Self::OpenApi => "/openapi.json",
            Self::Docs | Self::DocsAsset(_) => "/docs",
            Self::Status => "/api/v1/status",
            Self::Submit(name) => return Cow::Owned(paths::operation(name)),
            Self::PutInput(_) | Self::HeadInput(_) => "/api/v1/inputs/{sha256}",
            Self::ListJobs => "/api/v1/jobs",
            Self::GetJob(_) | Self::DeleteJob(_) => "/api/v1/jobs/{job_id}",
            Self::JobResult(_) => "/api/v1/jobs/{job_id}/result",
            Self::JobEvents(_) => "/api/v1/jobs/{job_id}/events",
            Self::Archive(_) => "/api/v1/jobs/{job_id}/artifacts",
            Self::Artifact(..) => "/api/v1/jobs/{job_id}/artifacts/{name}",
            Self::Cancel(_) => "/api/v1/jobs/{job_id}/cancel",
        })
    }

    /// Whether an answer may take as long as it takes to begin: uploads, and archives, which are read once before their
    /// first byte.
    pub(crate) fn may_take_long(&self) -> bool {
        matches!(self, Self::PutInput(_) | Self::Archive(_))
    }

    /// Whether it can ask to be held, which then does not count as time to the first byte.
    pub(crate) fn may_wait(&self) -> bool {
        matches!(self, Self::Submit(_) | Self::GetJob(_))
    }

    /// Whether it is served to probes.
    pub(crate) fn is_probe(&self) -> bool {
        matches!(self, Self::Health | Self::Live | Self::Ready | Self::Metrics)
    }

    /// Whether it is answered without a key.
    pub(crate) fn is_open(&self) -> bool {
        matches!(
            self,
            Self::Health | Self::Live | Self::Ready | Self::OpenApi | Self::Docs | Self::DocsAsset(_)
        )
    }
}

/// The job that a path names. One that is no UUID names no job: the same answer as an unknown one.
pub(crate) fn job_id(text: &str) -> Option<JobId> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_build_has_a_route() {
        for name in Operation::NAMES {
            assert_eq!(
                find(&Method::POST, &format!("{BASE}/{name}")),
                Ok(Call::Submit(name))
            );
            assert_eq!(
                find(&Method::GET, &format!("{BASE}/{name}")),
                Err(NoRoute::Method(POST))
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_path_is_a_call_or_none(path in "/(api/v1/(jobs|inputs|scan)?)?[a-z/%.0-9]{0,30}|/.{0,40}") {
            for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
                match find(&method, &path) {
                    Ok(call) => proptest::prop_assert!(!call.endpoint().is_empty()),
                    Err(NoRoute::Method(allowed)) => proptest::prop_assert!(!allowed.contains(&method)),
                    Err(NoRoute::Path | NoRoute::Malformed(_)) => {}
                }
            }
        }
    }

    #[test]
    fn names_of_artifacts_may_hold_slashes_and_escapes() {
        let call = find(&Method::GET, "/api/v1/jobs/1/artifacts/modules/a%20b/main.tf");
        assert_eq!(call, Ok(Call::Artifact("1".into(), "modules/a b/main.tf".into())));
        let call = find(&Method::GET, "/api/v1/jobs/1/artifacts/%ff");
        assert_eq!(call, Err(NoRoute::Malformed("name")));
    }

    #[test]
    fn an_unknown_path_is_not_found_and_a_wrong_method_names_the_right_ones() {
        assert_eq!(find(&Method::GET, "/api/v2/jobs"), Err(NoRoute::Path));
        assert_eq!(find(&Method::GET, "/api/v1/jobs/"), Err(NoRoute::Path));
        assert_eq!(find(&Method::POST, "/api/v1/jobs/x"), Err(NoRoute::Method(JOB)));
        assert_eq!(find(&Method::POST, "/api/v1/inputs/x"), Err(NoRoute::Method(PUT)));
        assert_eq!(find(&Method::HEAD, "/health"), Ok(Call::Health));
    }
}
