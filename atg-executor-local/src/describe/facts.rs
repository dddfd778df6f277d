//! What a filter asks of an object, without describing it.

use atg_sdk::azure::Location;

use super::{DescribeError, types};
use crate::json::Json;

/// Which of the two worlds an object is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Arm,
    Entra,
}

/// What a filter asks of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts<'a> {
    /// The ID, as sent.
    pub id: &'a str,
    /// The resource type in its canonical spelling; for a Microsoft Entra object its `@odata.type` (`#microsoft.graph.user`).
    pub resource_type: Option<&'a str>,
    /// Whether it is a Microsoft Entra object.
    pub is_entra: bool,
    /// The subscription's GUID, for what is one or lies in one.
    pub subscription: Option<&'a str>,
    /// The resource group's name, for what is one or lies in one.
    pub resource_group: Option<&'a str>,
    /// The region.
    pub location: Option<Location>,
    /// The tags, where it has any.
    tags: &'a [(String, Json)],
}

impl<'a> Facts<'a> {
    /// The tags' names and values.
    pub fn tags(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.tags
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
    }

    /// The value of a tag; names compare without case, as in Azure.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&'a str> {
        self.tags()
            .find_map(|(own, value)| (own.to_lowercase() == name.to_lowercase()).then_some(value))
    }

    pub(super) const fn kind(&self) -> Kind {
        if self.is_entra { Kind::Entra } else { Kind::Arm }
    }
}

/// Reads what a filter asks of an object. Cheap: nothing of the body is copied or searched.
///
/// # Errors
/// It is no JSON object, or has no `id`, or no `type` (of an ARM resource).
pub fn facts(object: &Json) -> Result<Facts<'_>, DescribeError> {
    if object.as_object().is_none() {
        return Err(DescribeError::not_an_object());
    }
    let text = |name| object.get(name).and_then(Json::as_str);
    let id = match object.get("id") {
        Some(Json::String(id)) if !id.is_empty() => id.as_str(),
        None | Some(Json::Null) => {
            return Err(DescribeError::missing(
                "id",
                "each resource and directory object has one",
            ));
        }
        Some(_) => return Err(DescribeError::bad("id", "it is not a text, or an empty one")),
    };
    let odata = text("@odata.type");
    let mut segments = id.split('/').filter(|segment| !segment.is_empty());
    let (mut subscription, mut resource_group) = (None, None);
    if segments
        .next()
        .is_some_and(|s| s.eq_ignore_ascii_case("subscriptions"))
    {
        subscription = segments.next();
        if segments
            .next()
            .is_some_and(|s| s.eq_ignore_ascii_case("resourceGroups"))
        {
            resource_group = segments.next();
        }
    }
    let resource_type = match (odata, object.get("type")) {
        (Some(odata), _) => Some(odata),
        (None, Some(Json::String(own))) => Some(types::canonical(own)),
        // The REST API's answer for subscriptions and tenants has none.
        (None, None | Some(Json::Null)) if super::hierarchy::is_hierarchy_id(id) => None,
        (None, None | Some(Json::Null)) => {
            return Err(DescribeError::missing(
                "type",
                "each ARM resource has one, and each Microsoft Graph object an `@odata.type`",
            ));
        }
        (None, Some(_)) => return Err(DescribeError::bad("type", "it is not a text")),
    };
    Ok(Facts {
        id,
        resource_type,
        is_entra: odata.is_some(),
        subscription,
        resource_group,
        location: text("location")
            .filter(|l| !l.trim().is_empty())
            .map(Location::from),
        tags: object.get("tags").and_then(Json::as_object).unwrap_or_default(),
    })
}
