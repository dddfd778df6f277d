//! The contract as the service itself tells it: `/openapi.json`, and `/docs`, whose files are inside of the binary.

use std::sync::{Arc, LazyLock};

use atg_sdk::Error;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use utoipa_swagger_ui::Config;

use super::{
    body::{Body, full, typed},
    failure::Failure,
    openapi,
};

static OPENAPI: LazyLock<Bytes> = LazyLock::new(|| {
    // Strings, numbers, lists: it cannot fail to serialise.
    serde_json::to_vec(&openapi::document())
        .unwrap_or_default()
        .into()
});

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::from("/openapi.json")));

pub(super) fn openapi() -> Response<Body> {
    typed(StatusCode::OK, "application/json", OPENAPI.clone())
}

/// The page's own files are named relative to it, so it must end in a slash.
pub(super) fn page() -> Response<Body> {
    let mut response = typed(
        StatusCode::PERMANENT_REDIRECT,
        "text/plain; charset=utf-8",
        "/docs/index.html\n",
    );
    response
        .headers_mut()
        .insert(header::LOCATION, HeaderValue::from_static("/docs/index.html"));
    response
}

pub(super) fn asset(name: &str) -> Result<Response<Body>, Failure> {
    let absent = || {
        Failure::from(Error::not_found(
            "there is no such page: /docs/index.html is the first",
        ))
    };
    let found = utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG));
    let file = found.ok().flatten().ok_or_else(absent)?;
    let mut response = Response::new(full(file.bytes.into_owned()));
    let headers = response.headers_mut();
    if let Ok(media_type) = HeaderValue::from_str(&file.content_type) {
        headers.insert(header::CONTENT_TYPE, media_type);
    }
    // Nothing but the page's own files, and nobody may frame it.
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
        ),
    );
    Ok(response)
}
