//! Objects of Microsoft Entra ID: which kinds are written, and what of them can be set.

use atg_json::Json;

use super::{
    draft::{Draft, What, key_of},
    skip::Skip,
};
use crate::{
    plan::{Entra, Reason},
    source::{Link, LinkKind, Standing},
};

/// What may be set on each kind, by Microsoft Graph's documentation of it. Everything else is Graph's own doing.
fn writable(kind: Entra) -> &'static [&'static str] {
    match kind {
        Entra::User => &[
            "userPrincipalName",
            "accountEnabled",
            "ageGroup",
            "businessPhones",
            "city",
            "companyName",
            "consentProvidedForMinor",
            "country",
            "department",
            "employeeId",
            "employeeType",
            "faxNumber",
            "givenName",
            "jobTitle",
            "mail",
            "mailNickname",
            "mobilePhone",
            "officeLocation",
            "otherMails",
            "postalCode",
            "preferredLanguage",
            "showInAddressList",
            "state",
            "streetAddress",
            "surname",
            "usageLocation",
        ],
        Entra::Group => &[
            "description",
            "groupTypes",
            "isAssignableToRole",
            "mailEnabled",
            "mailNickname",
            "membershipRule",
            "membershipRuleProcessingState",
            "securityEnabled",
            "theme",
            "visibility",
        ],
        Entra::Application => &[
            "api",
            "appRoles",
            "description",
            "groupMembershipClaims",
            "identifierUris",
            "isDeviceOnlyAuthSupported",
            "isFallbackPublicClient",
            "notes",
            "optionalClaims",
            "publicClient",
            "requiredResourceAccess",
            "serviceManagementReference",
            "signInAudience",
            "spa",
            "tags",
            "web",
        ],
        Entra::ServicePrincipal => &[
            "appId",
            "accountEnabled",
            "alternativeNames",
            "appRoleAssignmentRequired",
            "description",
            "loginUrl",
            "notes",
            "notificationEmailAddresses",
            "preferredSingleSignOnMode",
            "tags",
        ],
    }
}

/// Takes an Entra object apart.
pub(crate) fn draft(
    id: String,
    name: String,
    kind: &str,
    members: Vec<(String, Json)>,
    tenant: &str,
) -> Draft {
    let known = match kind {
        "user" => Some(Entra::User),
        "group" => Some(Entra::Group),
        "application" => Some(Entra::Application),
        "servicePrincipal" => Some(Entra::ServicePrincipal),
        _ => None,
    };
    let mut draft = Draft {
        key: key_of(&id),
        id,
        name,
        what: known.map_or(What::OtherEntra, What::Entra),
        standing: Standing::Own,
        location: None,
        tags: None,
        identity: None,
        body: Vec::new(),
        principal_id: None,
        api_version: None,
        known_version: None,
        is_creatable: true,
        is_renamed: false,
        is_new: false,
        thin: false,
        answered: Vec::new(),
        respelled: Vec::new(),
        recased: Vec::new(),
        supplied: Vec::new(),
        skip: None,
    };
    let Some(known) = known else {
        let detail = format!("objects of the kind {kind} are not written");
        draft.skip = Some(Skip::new(Reason::ReadOnly).because(detail));
        return draft;
    };
    draft.skip = not_ours(known, &members, tenant);
    let writable = writable(known);
    draft.body = members
        .into_iter()
        .filter(|(name, value)| {
            writable.contains(&name.as_str())
                && !matches!(value, Json::Null)
                && value.as_array().is_none_or(|items| !items.is_empty())
        })
        .collect();
    draft
}

/// Puts the lists of members and owners into the bodies of those that have them, ordered by who is in them.
pub(crate) fn link(drafts: &mut [Draft], mut links: Vec<Link>) {
    links.sort_unstable();
    links.dedup();
    for link in links {
        let Ok(at) = drafts.binary_search_by(|draft| (*draft.key).cmp(&key_of(&link.of))) else {
            continue;
        };
        let draft = &mut drafts[at];
        let takes = match draft.what {
            What::Entra(Entra::Group) => true,
            What::Entra(Entra::Application | Entra::ServicePrincipal) => link.kind == LinkKind::Owners,
            _ => false,
        };
        if !takes || draft.skip.is_some() {
            continue;
        }
        let name = link.kind.name();
        match draft.body.iter_mut().find(|(own, _)| own == name) {
            Some((_, Json::Array(items))) => items.push(Json::String(link.who)),
            _ => draft
                .body
                .push((name.to_owned(), Json::Array(vec![Json::String(link.who)]))),
        }
    }
}

/// Objects that come from elsewhere and only appear in this tenant.
fn not_ours(kind: Entra, members: &[(String, Json)], tenant: &str) -> Option<Skip> {
    let member = |name: &str| {
        members
            .iter()
            .find_map(|(own, value)| (own == name).then_some(value))
    };
    let text = |name: &str| member(name).and_then(Json::as_str).unwrap_or_default();
    let system = |detail: &str| Some(Skip::new(Reason::SystemMade).because(detail));
    if member("onPremisesSyncEnabled").and_then(Json::as_bool) == Some(true) {
        return system("it is synchronised from a directory on premises");
    }
    match kind {
        Entra::User if text("userType").eq_ignore_ascii_case("Guest") => {
            system("a guest is invited from another tenant")
        }
        Entra::ServicePrincipal => match text("servicePrincipalType").to_ascii_lowercase().as_str() {
            "managedidentity" => system("it comes with the resource whose managed identity it is"),
            _ if !["", tenant]
                .iter()
                .any(|own| text("appOwnerOrganizationId").eq_ignore_ascii_case(own)) =>
            {
                system("its application belongs to another tenant")
            }
            "legacy" | "socialidp" => system("Azure makes principals of its kind itself"),
            _ => None,
        },
        Entra::User | Entra::Group | Entra::Application => None,
    }
}
