//! Resource groups.

use http::Method;
use serde_json::Value;

use crate::{
    error,
    tenant::{Class, Row, Want},
    web::Reply,
};

use super::{Ask, Filter, resource, subscriptions};

const READ: &str = "Microsoft.Resources/subscriptions/resourceGroups/read";

/// Those of a subscription.
pub(crate) fn list(ask: &Ask<'_>, id: &str) -> Result<Reply, Reply> {
    let subscription = subscriptions::find(ask, id)?;
    let sight = ask.sight(&subscription.key, READ)?;
    let filter = Filter::of(ask.call)?;
    ask.rows(
        &subscription.key,
        &Want::classes(&[Class::ResourceGroup]),
        |row| ask.sees(sight, row) && filter.as_ref().is_none_or(|filter| filter.admits(row.body())),
        shown,
    )
}

/// One: read, made, changed, deleted.
pub(crate) fn one(ask: &Ask<'_>, subscription: &str, name: &str) -> Result<Reply, Reply> {
    let owner = subscriptions::find(ask, subscription)?;
    let id = format!("{}/resourceGroups/{name}", owner.id);
    let found = ask.tenant().row(&id);
    match ask.call.method {
        Method::GET | Method::HEAD => {
            let Some(row) = found else {
                return Err(error::group_not_found(name));
            };
            ask.sight(&row.key, READ)?;
            if ask.call.method == Method::HEAD {
                return Ok(Reply::empty(204));
            }
            Ok(Reply::json(&shown(&row)))
        }
        _ => resource::write(ask, &id, "Microsoft.Resources/resourceGroups"),
    }
}

/// With the type, as newer versions show it; the rows have it already.
fn shown(row: &Row) -> Value {
    row.body().clone()
}
