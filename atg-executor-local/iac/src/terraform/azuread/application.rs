//! Applications and service principals.

use super::{Convert, Mapping, Rule, text, texts, truth};

const CLAIM: &[(&str, Rule)] = &[
    ("name", text("name")),
    ("source", text("source")),
    ("essential", truth("essential")),
    ("additionalProperties", texts("additional_properties")),
];

pub(super) const APPLICATION: Mapping = Mapping {
    block: "azuread_application",
    import: "/applications/",
    app_id: Some("client_id"),
    name: Some("display_name"),
    body: &[
        ("description", text("description")),
        ("signInAudience", text("sign_in_audience")),
        ("identifierUris", texts("identifier_uris")),
        (
            "groupMembershipClaims",
            Rule::To("group_membership_claims", Convert::Listed),
        ),
        ("isDeviceOnlyAuthSupported", truth("device_only_auth_enabled")),
        ("isFallbackPublicClient", truth("fallback_public_client_enabled")),
        ("notes", text("notes")),
        ("serviceManagementReference", text("service_management_reference")),
        ("tags", texts("tags")),
        ("owners", texts("owners")),
        (
            "api",
            Rule::Block(
                "api",
                &[
                    ("acceptMappedClaims", truth("mapped_claims_enabled")),
                    (
                        "requestedAccessTokenVersion",
                        Rule::To("requested_access_token_version", Convert::Number),
                    ),
                    ("knownClientApplications", texts("known_client_applications")),
                    (
                        "oauth2PermissionScopes",
                        Rule::Blocks(
                            "oauth2_permission_scope",
                            &[
                                ("id", text("id")),
                                ("value", text("value")),
                                ("type", text("type")),
                                ("isEnabled", truth("enabled")),
                                ("adminConsentDescription", text("admin_consent_description")),
                                ("adminConsentDisplayName", text("admin_consent_display_name")),
                                ("userConsentDescription", text("user_consent_description")),
                                ("userConsentDisplayName", text("user_consent_display_name")),
                                ("origin", Rule::Skip),
                            ],
                        ),
                    ),
                    // A resource of its own in the provider.
                    ("preAuthorizedApplications", Rule::Only(&["[]"])),
                ],
            ),
        ),
        (
            "appRoles",
            Rule::Blocks(
                "app_role",
                &[
                    ("id", text("id")),
                    ("value", text("value")),
                    ("displayName", text("display_name")),
                    ("description", text("description")),
                    ("allowedMemberTypes", texts("allowed_member_types")),
                    ("isEnabled", truth("enabled")),
                    ("origin", Rule::Skip),
                ],
            ),
        ),
        (
            "optionalClaims",
            Rule::Block(
                "optional_claims",
                &[
                    ("accessToken", Rule::Blocks("access_token", CLAIM)),
                    ("idToken", Rule::Blocks("id_token", CLAIM)),
                    ("saml2Token", Rule::Blocks("saml2_token", CLAIM)),
                ],
            ),
        ),
        (
            "publicClient",
            Rule::Block("public_client", &[("redirectUris", texts("redirect_uris"))]),
        ),
        (
            "spa",
            Rule::Block(
                "single_page_application",
                &[("redirectUris", texts("redirect_uris"))],
            ),
        ),
        (
            "web",
            Rule::Block(
                "web",
                &[
                    ("homePageUrl", text("homepage_url")),
                    ("logoutUrl", text("logout_url")),
                    ("redirectUris", texts("redirect_uris")),
                    (
                        "implicitGrantSettings",
                        Rule::Block(
                            "implicit_grant",
                            &[
                                (
                                    "enableAccessTokenIssuance",
                                    truth("access_token_issuance_enabled"),
                                ),
                                ("enableIdTokenIssuance", truth("id_token_issuance_enabled")),
                            ],
                        ),
                    ),
                    ("redirectUriSettings", Rule::Skip),
                ],
            ),
        ),
        (
            "requiredResourceAccess",
            Rule::Blocks(
                "required_resource_access",
                &[
                    ("resourceAppId", text("resource_app_id")),
                    (
                        "resourceAccess",
                        Rule::Blocks("resource_access", &[("id", text("id")), ("type", text("type"))]),
                    ),
                ],
            ),
        ),
    ],
    unasked: &[
        "logo_image",
        "marketing_url",
        "oauth2_post_response_required",
        "owners",
        "privacy_statement_url",
        "support_url",
        "terms_of_service_url",
    ],
};

pub(super) const SERVICE_PRINCIPAL: Mapping = Mapping {
    block: "azuread_service_principal",
    import: "/servicePrincipals/",
    app_id: Some("client_id"),
    name: None,
    body: &[
        ("appId", text("client_id")),
        ("accountEnabled", truth("account_enabled")),
        ("alternativeNames", texts("alternative_names")),
        ("appRoleAssignmentRequired", truth("app_role_assignment_required")),
        ("description", text("description")),
        ("loginUrl", text("login_url")),
        ("notes", text("notes")),
        (
            "notificationEmailAddresses",
            texts("notification_email_addresses"),
        ),
        ("preferredSingleSignOnMode", text("preferred_single_sign_on_mode")),
        ("tags", texts("tags")),
        ("owners", texts("owners")),
    ],
    unasked: &["account_enabled", "owners", "saml_single_sign_on", "use_existing"],
};
