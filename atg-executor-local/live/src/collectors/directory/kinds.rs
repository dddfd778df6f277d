//! What is read of each kind of object.

/// A kind of object.
#[derive(Debug)]
pub(in crate::collectors) struct Kind {
    /// Its collection.
    pub(super) path: &'static str,
    /// The end of its `@odata.type`.
    pub(super) odata: &'static str,
    /// In words.
    pub(super) about: &'static str,
    /// The properties that are asked for.
    pub(super) select: &'static str,
    /// Whether its collection can be asked for larger pages.
    pub(super) top: bool,
    /// What hangs on each object.
    pub(super) relations: &'static [Relation],
    /// The least permission that allows it all.
    pub(super) permission: &'static str,
}

/// A list that hangs on an object.
#[derive(Debug)]
pub(super) struct Relation {
    /// Its name, in the path and in the object.
    pub(super) list: &'static str,
    /// The query.
    pub(super) query: &'static str,
    /// Whether only the ids are kept.
    pub(super) ids: bool,
    /// Resource units of a page of it:
    /// <https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits>.
    pub(super) cost: u32,
}

impl Kind {
    /// `#microsoft.graph.user`
    pub(super) fn odata_type(&self) -> String {
        format!("#microsoft.graph.{}", self.odata)
    }
}

const MEMBERS: Relation = Relation {
    list: "members",
    query: "$select=id&$top=999",
    ids: true,
    cost: 2,
};

const OWNERS: Relation = Relation {
    list: "owners",
    query: "$select=id&$top=999",
    ids: true,
    cost: 1,
};

/// Every kind that is read.
pub(in crate::collectors) const KINDS: &[Kind] = &[
    Kind {
        path: "users",
        odata: "user",
        about: "users, guests among them",
        select: "id,displayName,givenName,surname,userPrincipalName,mail,jobTitle,department,companyName,accountEnabled,\
                 userType,externalUserState,onPremisesSyncEnabled,onPremisesImmutableId,createdDateTime",
        top: true,
        relations: &[],
        permission: "User.Read.All",
    },
    Kind {
        path: "groups",
        odata: "group",
        about: "groups, with their members and owners",
        select: "id,displayName,description,mailEnabled,mailNickname,mail,securityEnabled,groupTypes,isAssignableToRole,\
                 membershipRule,membershipRuleProcessingState,visibility,onPremisesSyncEnabled,createdDateTime",
        top: true,
        relations: &[MEMBERS, OWNERS],
        permission: "Directory.Read.All",
    },
    Kind {
        path: "servicePrincipals",
        odata: "servicePrincipal",
        about: "service principals and managed identities, with their owners and who has which of their app roles",
        select: "id,appId,displayName,servicePrincipalType,accountEnabled,appOwnerOrganizationId,servicePrincipalNames,\
                 alternativeNames,appRoleAssignmentRequired,appRoles,oauth2PermissionScopes,signInAudience,tags",
        top: true,
        relations: &[
            OWNERS,
            Relation {
                list: "appRoleAssignedTo",
                query: "$top=999",
                ids: false,
                cost: 2,
            },
        ],
        permission: "Directory.Read.All",
    },
    Kind {
        path: "applications",
        odata: "application",
        about: "app registrations, with their owners and the outside identities that may act as them",
        // Of passwords Azure tells when they end, and never what they are.
        select: "id,appId,displayName,description,signInAudience,identifierUris,publisherDomain,requiredResourceAccess,\
                 appRoles,web,spa,publicClient,passwordCredentials,tags,createdDateTime",
        top: true,
        relations: &[
            OWNERS,
            Relation {
                list: "federatedIdentityCredentials",
                query: "$top=999",
                ids: false,
                cost: 2,
            },
        ],
        permission: "Directory.Read.All",
    },
    Kind {
        path: "directoryRoles",
        odata: "directoryRole",
        about: "directory roles that were ever given, with who has them",
        select: "id,displayName,description,roleTemplateId",
        // <https://learn.microsoft.com/graph/api/directoryrole-list>: neither can be asked for pages.
        top: false,
        relations: &[Relation {
            list: "members",
            query: "$select=id",
            ids: true,
            cost: 1,
        }],
        permission: "RoleManagement.Read.Directory",
    },
    Kind {
        path: "oauth2PermissionGrants",
        odata: "oAuth2PermissionGrant",
        about: "what applications may do in the name of users",
        select: "id,clientId,consentType,principalId,resourceId,scope",
        top: true,
        relations: &[],
        permission: "Directory.Read.All",
    },
];
