//! One resource of the plan.

use atg_sdk::azure::ResourceType;

use super::{ExternalKey, Member, ResourceKey, Symbol, Target, Text, Value};

/// One resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Its name in the files.
    pub symbol: Symbol,
    /// Its ID in the tenant that was read, as Azure spelled it; of a Microsoft Entra object the object ID.
    pub id: String,
    /// What `import` takes where the files are applied to the tenant they were made from: the ID with the provider, the
    /// types and the fixed segments in Azure's own spelling and the names as they are. `None` where it does not exist
    /// there, because the plan is for another tenant or renames it.
    pub import_id: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// What Azure is to call it: the last segment of its ID. Of an Entra object its display name.
    pub name: Text,
    /// Where a deployment that makes it has to run.
    pub scope: Scope,
    /// What its ID hangs on: a tenant, management group, subscription, resource group, a parent resource, or, for an
    /// extension resource, whatever it extends. In full, the ID is the parent's, then what
    /// [`id_suffix`](Self::id_suffix) says.
    pub parent: Target,
    /// How it hangs there.
    pub nesting: Nesting,
    /// The region, where the type has one and it is known.
    pub location: Option<Text>,
    /// Tags, in the order of the source. `None` where the source said nothing.
    pub tags: Option<Vec<(Text, Text)>>,
    /// Its managed identities.
    pub identity: Option<Identity>,
    /// All other top-level members of the body that is put (`properties`, `sku`, `kind`, `zones`, `plan`, `managedBy`,
    /// `extendedLocation`…), in that order; of an Entra object its properties.
    pub body: Vec<Member>,
    /// What it must wait for though nothing in it says so. Sorted; never what it refers to anyway.
    pub depends_on: Vec<ResourceKey>,
    /// Whether the source told nothing of what it holds (`az resource list` has no properties): the body lacks what
    /// Azure may insist on.
    pub thin: bool,
    /// Which of `tags` and `identity` Azure answers though the type does not take them. Whoever compares answers with
    /// what is written has to know.
    pub answered: Vec<&'static str>,
    /// Members of the body whose names Azure answers in another case than the type has them, as paths in the type's case:
    /// `properties.storageProfile.storageAutogrow`. It takes both; whoever compares names does not.
    pub respelled: Vec<String>,
    /// Values of the body that Azure answers in another case than its type has them, with their paths: the type takes
    /// `standard` only, and the answer is `Standard`.
    pub recased: Vec<(String, String)>,
    /// Members of the body that Azure insists on when it is sent one and does not answer, as paths. They are there; whoever
    /// compares answers with what is written has to know.
    pub supplied: Vec<String>,
}

/// What a resource is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Of Azure Resource Manager.
    Arm {
        /// The type in Azure's own spelling where the facts know it, otherwise as the source has it. A resource group is
        /// `Microsoft.Resources/resourceGroups`.
        resource_type: ResourceType,
        /// The version to write it with.
        api_version: Box<str>,
        /// Whether the facts know the type. If not, its body was cleaned by name alone.
        known: bool,
    },
    /// Of Microsoft Entra ID.
    Entra(Entra),
}

/// The kinds of Entra objects that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entra {
    /// `user`
    User,
    /// `group`. Its members and owners are arrays `members` and `owners` of references in the body.
    Group,
    /// `application`
    Application,
    /// `servicePrincipal`, of an application of this tenant.
    ServicePrincipal,
}

impl Entra {
    /// The name of the kind, in the manner of resource types: what subsets and reports call it.
    #[must_use]
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::User => "Microsoft.Graph/users",
            Self::Group => "Microsoft.Graph/groups",
            Self::Application => "Microsoft.Graph/applications",
            Self::ServicePrincipal => "Microsoft.Graph/servicePrincipals",
        }
    }
}

/// Where a deployment that makes a resource has to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The tenant. Entra objects are here too.
    Tenant,
    /// A management group.
    ManagementGroup(Target),
    /// A subscription, which always stays outside.
    Subscription(ExternalKey),
    /// A resource group.
    ResourceGroup(Target),
}

/// How a resource hangs on its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nesting {
    /// The parent is its scope: `PARENT/providers/TYPE/NAME`, or a resource group in its subscription, or a resource of
    /// the tenant.
    Direct,
    /// The parent is the resource of the parent type: `PARENT/LAST-SEGMENT-OF-TYPE/NAME`.
    Child,
    /// The parent is a resource that it extends: `PARENT/providers/TYPE/NAME`. Where what it extends is the scope itself
    /// (a lock on a resource group) it is [`Direct`](Self::Direct).
    Extension,
}

/// Managed identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// As the body spells it: `SystemAssigned`, `UserAssigned`, `SystemAssigned, UserAssigned`, `None`.
    pub kind: String,
    /// IDs of user-assigned identities, in the order of the source.
    pub user_assigned: Vec<Text>,
}

/// A value of a resource that could not be set when it was made: it refers to something that refers back.
#[derive(Debug, Clone, PartialEq)]
pub struct Association {
    /// Its name in the files.
    pub symbol: Symbol,
    /// Whose value it is.
    pub owner: ResourceKey,
    /// Where in the owner's body, as member names and, in arrays, indices as decimal texts: the array has the element,
    /// without this member. The owner's body lacks the value.
    pub path: Vec<String>,
    /// The value, which refers to resources that come after the owner.
    pub value: Value,
    /// The same value with no reference to what the owner must not wait for: IDs are written as a scope's with the rest as a
    /// literal. What to write in place where a language has no second step; right as soon as both ends exist.
    pub unordered: Value,
}

impl Resource {
    /// The ARM type; `None` for Entra objects.
    #[must_use]
    pub const fn resource_type(&self) -> Option<&ResourceType> {
        match &self.kind {
            Kind::Arm { resource_type, .. } => Some(resource_type),
            Kind::Entra(_) => None,
        }
    }

    /// The value of a top-level member of the body.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.body
            .iter()
            .find(|member| member.name.as_literal() == Some(name))
            .map(|member| &member.value)
    }

    /// The value at a chain of member names of the body.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        self.member(first)?.at(rest)
    }

    /// What stands between the parent's ID and the name: `/providers/Microsoft.Network/virtualNetworks/`, `/subnets/`,
    /// `/resourceGroups/`. Empty for Entra objects.
    #[must_use]
    pub fn id_suffix(&self) -> String {
        let Some(resource_type) = self.resource_type() else {
            return String::new();
        };
        let text = resource_type.as_str();
        match self.nesting {
            Nesting::Child => match text.rsplit_once('/') {
                Some((_, last)) => format!("/{last}/"),
                None => String::new(),
            },
            Nesting::Direct if text.eq_ignore_ascii_case("Microsoft.Resources/resourceGroups") => {
                "/resourceGroups/".to_owned()
            }
            Nesting::Direct | Nesting::Extension => format!("/providers/{text}/"),
        }
    }

    /// Calls `visit` with each text in it, wherever it stands.
    pub fn for_each_text<'a>(&'a self, visit: &mut impl FnMut(&'a Text)) {
        visit(&self.name);
        self.location.iter().for_each(&mut *visit);
        for (name, value) in self.tags.iter().flatten() {
            visit(name);
            visit(value);
        }
        if let Some(identity) = &self.identity {
            identity.user_assigned.iter().for_each(&mut *visit);
        }
        for member in &self.body {
            visit(&member.name);
            member.value.for_each_text(visit);
        }
    }

    /// [`for_each_text`](Self::for_each_text), to change them.
    pub(crate) fn for_each_text_mut(&mut self, change: &mut impl FnMut(&mut Text)) {
        change(&mut self.name);
        if let Some(location) = &mut self.location {
            change(location);
        }
        for (name, value) in self.tags.iter_mut().flatten() {
            change(name);
            change(value);
        }
        if let Some(identity) = &mut self.identity {
            identity.user_assigned.iter_mut().for_each(&mut *change);
        }
        for member in &mut self.body {
            change(&mut member.name);
            member.value.for_each_text_mut(change);
        }
    }
}
