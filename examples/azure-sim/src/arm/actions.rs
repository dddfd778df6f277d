//! What is posted to a resource: keys and settings that a list does not show.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{error, web::Reply};

use super::{
    Ask,
    resource::{Path, exists},
};

/// Answers `POST RESOURCE/ACTION`. A Reader may not.
pub(super) fn answer(ask: &Ask<'_>, path: &Path<'_>) -> Result<Reply, Reply> {
    let parent = path.parent();
    exists(ask, &parent, path)?;
    let action = path.segments.last().copied().unwrap_or_default();
    ask.check_write(&parent.to_lowercase(), &format!("{}/action", path.kind()))?;
    // A key that is worth nothing, and the same whenever it is asked for.
    let key = |number: u8| STANDARD.encode(Sha256::digest(format!("{}#{number}", parent.to_lowercase())));
    let body = match &*action.to_lowercase() {
        "listkeys" if path.provider.eq_ignore_ascii_case("Microsoft.Storage") => json!({"keys": [
            {"keyName": "key1", "value": key(1), "permissions": "FULL"},
            {"keyName": "key2", "value": key(2), "permissions": "FULL"},
        ]}),
        "listkeys" | "sharedkeys" => json!({
            "primaryKey": key(1), "secondaryKey": key(2), "primarySharedKey": key(1), "secondarySharedKey": key(2),
            "key1": key(1), "key2": key(2),
        }),
        "listcredentials" => {
            json!({"username": "azure-sim", "passwords": [{"name": "password", "value": key(1)}]})
        }
        // `config/appsettings/list`
        "list" => json!({
            "id": parent,
            "name": path.segments[path.segments.len().saturating_sub(2)],
            "type": path.kind().rsplit_once('/').map_or("", |(kind, _)| kind),
            "properties": settings(ask, &parent),
        }),
        name if name.starts_with("list") => json!({"value": []}),
        _ => return Err(error::method_not_allowed(ask.call.method.as_str())),
    };
    Ok(Reply::json(&body))
}

/// The properties of a row of that name; none where there is no row.
fn settings(ask: &Ask<'_>, id: &str) -> Value {
    ask.tenant()
        .row(id)
        .map_or_else(|| json!({}), |row| row.body()["properties"].clone())
}
