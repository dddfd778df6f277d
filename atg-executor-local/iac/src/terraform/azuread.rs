//! Microsoft Entra objects.

use super::{
    hcl::{Body, Expression},
    reference::Here,
};
use crate::plan::{Entra, Member, Resource, Value};

/// How a kind of object is written.
#[derive(Debug)]
pub(super) struct Mapping {
    /// The type of the block.
    pub(super) block: &'static str,
    /// What stands before the object ID in what it is imported by.
    pub(super) import: &'static str,
    /// The attribute that holds the application ID.
    pub(super) app_id: Option<&'static str>,
    /// The attribute for the display name; `None` where the provider reads it.
    name: Option<&'static str>,
    /// The properties.
    body: &'static [(&'static str, &'static str)],
}

const USER: Mapping = Mapping {
    block: "azuread_user",
    import: "/users/",
    app_id: None,
    name: Some("display_name"),
    body: &[
        ("userPrincipalName", "user_principal_name"),
        ("accountEnabled", "account_enabled"),
        ("ageGroup", "age_group"),
        ("businessPhones", "business_phones"),
        ("city", "city"),
        ("companyName", "company_name"),
        ("consentProvidedForMinor", "consent_provided_for_minor"),
        ("country", "country"),
        ("department", "department"),
        ("employeeId", "employee_id"),
        ("employeeType", "employee_type"),
        ("faxNumber", "fax_number"),
        ("givenName", "given_name"),
        ("jobTitle", "job_title"),
        ("mail", "mail"),
        ("mailNickname", "mail_nickname"),
        ("mobilePhone", "mobile_phone"),
        ("officeLocation", "office_location"),
        ("onPremisesImmutableId", "onpremises_immutable_id"),
        ("otherMails", "other_mails"),
        ("postalCode", "postal_code"),
        ("preferredLanguage", "preferred_language"),
        ("showInAddressList", "show_in_address_list"),
        ("state", "state"),
        ("streetAddress", "street_address"),
        ("surname", "surname"),
        ("usageLocation", "usage_location"),
    ],
};

const GROUP: Mapping = Mapping {
    block: "azuread_group",
    import: "/groups/",
    app_id: None,
    name: Some("display_name"),
    body: &[
        ("description", "description"),
        ("mailEnabled", "mail_enabled"),
        ("mailNickname", "mail_nickname"),
        ("securityEnabled", "security_enabled"),
        ("groupTypes", "types"),
        ("isAssignableToRole", "assignable_to_role"),
        ("resourceBehaviorOptions", "behaviors"),
        ("resourceProvisioningOptions", "provisioning_options"),
        ("theme", "theme"),
        ("visibility", "visibility"),
        ("members", "members"),
        ("owners", "owners"),
    ],
};

const APPLICATION: Mapping = Mapping {
    block: "azuread_application",
    import: "/applications/",
    app_id: Some("client_id"),
    name: Some("display_name"),
    body: &[
        ("description", "description"),
        ("groupMembershipClaims", "group_membership_claims"),
        ("identifierUris", "identifier_uris"),
        ("isDeviceOnlyAuthSupported", "device_only_auth_enabled"),
        ("isFallbackPublicClient", "fallback_public_client_enabled"),
        ("notes", "notes"),
        ("oauth2RequirePostResponse", "oauth2_post_response_required"),
        ("owners", "owners"),
        ("serviceManagementReference", "service_management_reference"),
        ("signInAudience", "sign_in_audience"),
        ("tags", "tags"),
    ],
};

const SERVICE_PRINCIPAL: Mapping = Mapping {
    block: "azuread_service_principal",
    import: "/servicePrincipals/",
    app_id: Some("client_id"),
    name: None,
    body: &[
        ("appId", "client_id"),
        ("accountEnabled", "account_enabled"),
        ("alternativeNames", "alternative_names"),
        ("appRoleAssignmentRequired", "app_role_assignment_required"),
        ("description", "description"),
        ("loginUrl", "login_url"),
        ("notes", "notes"),
        ("notificationEmailAddresses", "notification_email_addresses"),
        ("owners", "owners"),
        ("preferredSingleSignOnMode", "preferred_single_sign_on_mode"),
        ("tags", "tags"),
    ],
};

/// The mapping of a kind.
pub(super) const fn mapping(kind: Entra) -> &'static Mapping {
    match kind {
        Entra::User => &USER,
        Entra::Group => &GROUP,
        Entra::Application => &APPLICATION,
        Entra::ServicePrincipal => &SERVICE_PRINCIPAL,
    }
}

/// The block's content.
pub(super) fn block(
    here: &mut Here<'_, '_>,
    mapping: &Mapping,
    resource: &Resource,
    body: &[Member],
) -> Body {
    let mut out = Body::new();
    if let Some(name) = mapping.name {
        out.attribute(name, here.text(&resource.name));
    }
    for (property, attribute) in mapping.body {
        let value = body
            .iter()
            .find(|member| member.name.as_literal() == Some(property))
            .map(|member| &member.value);
        match value {
            None | Some(Value::Null | Value::Object(_)) => {}
            Some(Value::Array(items)) if items.is_empty() => {}
            Some(Value::Text(text)) if text.as_literal() == Some("") => {}
            Some(value) => {
                let value: Expression = here.value(value);
                out.attribute(*attribute, value);
            }
        }
    }
    out
}
