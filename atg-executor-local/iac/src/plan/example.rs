//! A small plan made by hand, with one of everything, for the writers' tests.
//!
//! A resource group with an identity, a network with two subnets and a security group, a web app in another group that
//! holds a secret and refers to a resource outside, a lock, a role assignment at the subscription, and a group of people.

use atg_json::Json;

use super::*;

pub(crate) const TENANT: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const SUBSCRIPTION: &str = "22222222-2222-4222-8222-222222222222";

const TENANT_KEY: ExternalKey = ExternalKey(0);
const SUBSCRIPTION_KEY: ExternalKey = ExternalKey(1);
const OUTSIDE_GROUP: ExternalKey = ExternalKey(2);
const PLAN_KEY: ExternalKey = ExternalKey(3);

const NET: ResourceKey = ResourceKey(0);
const APP: ResourceKey = ResourceKey(1);
const IDENTITY: ResourceKey = ResourceKey(2);
const NSG: ResourceKey = ResourceKey(3);
const VNET: ResourceKey = ResourceKey(4);

const SECRET: ParameterKey = ParameterKey(0);
const TENANT_ID: ParameterKey = ParameterKey(1);
const SUBSCRIPTION_ID: ParameterKey = ParameterKey(2);

pub(crate) fn plan() -> Plan {
    Plan {
        tenant: TENANT.parse().unwrap(),
        resources: resources(),
        associations: Vec::new(),
        externals: externals(),
        parameters: parameters(),
        skipped: vec![Skipped {
            id: format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Advisor/recommendations/r1"),
            resource_type: Some("Microsoft.Advisor/recommendations".to_owned()),
            reason: Reason::ReadOnly,
            detail: None,
        }],
    }
}

pub(crate) fn literal(text: &str) -> Text {
    Text::Literal(text.to_owned())
}

pub(crate) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(self::members(members))
}

pub(crate) fn members<const N: usize>(members: [(&str, Value); N]) -> Vec<Member> {
    members
        .into_iter()
        .map(|(name, value)| Member::new(name, value))
        .collect()
}

pub(crate) fn reference(target: Target, attribute: Attribute, spelled: &str) -> Text {
    Text::Pieces(vec![Piece::Reference(Reference {
        target,
        attribute,
        spelled: spelled.into(),
    })])
}

fn id_of(key: ResourceKey, spelled: &str) -> Value {
    Value::Text(reference(Target::Resource(key), Attribute::Id, spelled))
}

fn in_group(group: &str, rest: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}{rest}")
}

/// A resource of that type and name, directly in that scope, with an empty body.
pub(crate) fn arm(
    id: &str,
    resource_type: &str,
    api_version: &str,
    scope: Scope,
    parent: Target,
) -> Resource {
    let name = id.rsplit('/').next().unwrap();
    Resource {
        symbol: Symbol::new(format!("r_{}", name.to_lowercase()).replace(['-', '.'], "_")),
        id: id.to_owned(),
        import_id: Some(id.to_owned()),
        kind: Kind::Arm {
            resource_type: resource_type.parse().unwrap(),
            api_version: api_version.into(),
            known: true,
        },
        name: literal(name),
        scope,
        parent,
        nesting: Nesting::Direct,
        location: None,
        tags: None,
        identity: None,
        body: Vec::new(),
        depends_on: Vec::new(),
        thin: false,
        answered: Vec::new(),
        respelled: Vec::new(),
        recased: Vec::new(),
        supplied: Vec::new(),
    }
}

fn resources() -> Vec<Resource> {
    let subscription = Target::External(SUBSCRIPTION_KEY);
    let group = |name: &str| Resource {
        location: Some(literal("westeurope")),
        tags: Some(vec![(literal("env"), literal("prod"))]),
        ..arm(
            &in_group(name, ""),
            "Microsoft.Resources/resourceGroups",
            "2024-03-01",
            Scope::Subscription(SUBSCRIPTION_KEY),
            subscription,
        )
    };
    let net = |rest: &str, resource_type: &str, api_version: &str| Resource {
        location: Some(literal("westeurope")),
        ..arm(
            &in_group("rg-net", rest),
            resource_type,
            api_version,
            Scope::ResourceGroup(Target::Resource(NET)),
            Target::Resource(NET),
        )
    };
    let identity_id = in_group(
        "rg-net",
        "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-app",
    );
    let nsg_id = in_group(
        "rg-net",
        "/providers/Microsoft.Network/networkSecurityGroups/nsg-web",
    );
    let identity = net(
        "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-app",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "2023-01-31",
    );
    let nsg = Resource {
        body: members([(
            "properties",
            object([(
                "securityRules",
                Value::Array(vec![object([
                    ("name", Value::literal("allow-https")),
                    (
                        "properties",
                        object([
                            (
                                "description",
                                Value::literal("\"${open}\" %{for} 'all' [x]\nsecond line"),
                            ),
                            ("protocol", Value::literal("Tcp")),
                            ("sourcePortRange", Value::literal("*")),
                            ("destinationPortRange", Value::literal("443")),
                            ("sourceAddressPrefix", Value::literal("Internet")),
                            ("destinationAddressPrefix", Value::literal("*")),
                            ("access", Value::literal("Allow")),
                            ("priority", Value::Number("100".into())),
                            ("direction", Value::literal("Inbound")),
                        ]),
                    ),
                ])]),
            )]),
        )]),
        ..net(
            "/providers/Microsoft.Network/networkSecurityGroups/nsg-web",
            "Microsoft.Network/networkSecurityGroups",
            "2024-05-01",
        )
    };
    let vnet = Resource {
        body: members([(
            "properties",
            object([(
                "addressSpace",
                object([(
                    "addressPrefixes",
                    Value::Array(vec![Value::literal("10.0.0.0/16")]),
                )]),
            )]),
        )]),
        ..net(
            "/providers/Microsoft.Network/virtualNetworks/vnet-hub",
            "Microsoft.Network/virtualNetworks",
            "2024-05-01",
        )
    };
    let subnet = Resource {
        symbol: Symbol::new("web_subnet"),
        parent: Target::Resource(VNET),
        nesting: Nesting::Child,
        location: None,
        body: members([(
            "properties",
            object([
                ("addressPrefix", Value::literal("10.0.1.0/24")),
                ("networkSecurityGroup", object([("id", id_of(NSG, &nsg_id))])),
            ]),
        )]),
        ..net(
            "/providers/Microsoft.Network/virtualNetworks/vnet-hub/subnets/web",
            "Microsoft.Network/virtualNetworks/subnets",
            "2024-05-01",
        )
    };
    let lock = Resource {
        symbol: Symbol::new("keep"),
        parent: Target::Resource(VNET),
        nesting: Nesting::Extension,
        location: None,
        body: members([("properties", object([("level", Value::literal("CanNotDelete"))]))]),
        ..net(
            "/providers/Microsoft.Network/virtualNetworks/vnet-hub/providers/Microsoft.Authorization/locks/keep",
            "Microsoft.Authorization/locks",
            "2020-05-01",
        )
    };
    vec![
        Resource {
            symbol: Symbol::new("rg_net"),
            ..group("rg-net")
        },
        Resource {
            symbol: Symbol::new("rg_app"),
            ..group("rg-app")
        },
        identity,
        nsg,
        vnet,
        subnet,
        lock,
        site(&identity_id),
        role_assignment(subscription),
        people(),
    ]
}

fn site(identity_id: &str) -> Resource {
    Resource {
        location: Some(literal("West Europe")),
        identity: Some(Identity {
            kind: "SystemAssigned, UserAssigned".to_owned(),
            user_assigned: vec![reference(Target::Resource(IDENTITY), Attribute::Id, identity_id)],
        }),
        body: members([
            (
                "properties",
                object([
                    (
                        "serverFarmId",
                        Value::Text(reference(
                            Target::External(PLAN_KEY),
                            Attribute::Id,
                            &in_group("rg-shared", "/providers/Microsoft.Web/serverfarms/plan-shared"),
                        )),
                    ),
                    ("httpsOnly", Value::Bool(true)),
                    (
                        "siteConfig",
                        object([(
                            "appSettings",
                            Value::Array(vec![
                                object([
                                    ("name", Value::literal("API_KEY")),
                                    ("value", Value::Text(Text::Pieces(vec![Piece::Parameter(SECRET)]))),
                                ]),
                                object([
                                    ("name", Value::literal("IDENTITY")),
                                    (
                                        "value",
                                        Value::Text(Text::join([
                                            Piece::Literal("client=".to_owned()),
                                            Piece::Reference(Reference {
                                                target: Target::Resource(IDENTITY),
                                                attribute: Attribute::ClientId,
                                                spelled: "33333333-3333-4333-8333-333333333333".into(),
                                            }),
                                        ])),
                                    ),
                                ]),
                            ]),
                        )]),
                    ),
                ]),
            ),
            ("kind", Value::literal("app,linux")),
        ]),
        ..arm(
            &in_group("rg-app", "/providers/Microsoft.Web/sites/contoso-web"),
            "Microsoft.Web/sites",
            "2024-04-01",
            Scope::ResourceGroup(Target::Resource(APP)),
            Target::Resource(APP),
        )
    }
}

fn role_assignment(subscription: Target) -> Resource {
    let name = "44444444-4444-4444-8444-444444444444";
    let reader = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7";
    Resource {
        symbol: Symbol::new("id_app_reader"),
        body: members([(
            "properties",
            object([
                (
                    "roleDefinitionId",
                    Value::Text(Text::join([
                        Piece::Reference(Reference {
                            target: subscription,
                            attribute: Attribute::Id,
                            spelled: format!("/subscriptions/{SUBSCRIPTION}").into(),
                        }),
                        Piece::Literal(reader.to_owned()),
                    ])),
                ),
                (
                    "principalId",
                    Value::Text(reference(
                        Target::Resource(IDENTITY),
                        Attribute::PrincipalId,
                        "55555555-5555-4555-8555-555555555555",
                    )),
                ),
                ("principalType", Value::literal("ServicePrincipal")),
            ]),
        )]),
        ..arm(
            &format!(
                "/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/{name}"
            ),
            "Microsoft.Authorization/roleAssignments",
            "2022-04-01",
            Scope::Subscription(SUBSCRIPTION_KEY),
            subscription,
        )
    }
}

fn people() -> Resource {
    let id = "66666666-6666-4666-8666-666666666666";
    Resource {
        symbol: Symbol::new("platform_team"),
        kind: Kind::Entra(Entra::Group),
        name: literal("Platform team"),
        body: members([
            ("mailEnabled", Value::Bool(false)),
            ("securityEnabled", Value::Bool(true)),
            ("mailNickname", Value::literal("platform-team")),
            (
                "members",
                Value::Array(vec![Value::Text(reference(
                    Target::Resource(IDENTITY),
                    Attribute::PrincipalId,
                    "55555555-5555-4555-8555-555555555555",
                ))]),
            ),
        ]),
        ..arm(
            id,
            "Microsoft.Graph/groups",
            "",
            Scope::Tenant,
            Target::External(TENANT_KEY),
        )
    }
}

fn externals() -> Vec<External> {
    let external = |symbol: &str, kind, id: &str, parent, parameter| External {
        symbol: Symbol::new(symbol),
        kind,
        id: id.to_owned(),
        parent,
        parameter,
    };
    vec![
        external("tenant", ExternalKind::Tenant, TENANT, None, Some(TENANT_ID)),
        external(
            "subscription",
            ExternalKind::Subscription,
            &format!("/subscriptions/{SUBSCRIPTION}"),
            Some(Target::External(TENANT_KEY)),
            Some(SUBSCRIPTION_ID),
        ),
        external(
            "rg_shared",
            ExternalKind::ResourceGroup,
            &in_group("rg-shared", ""),
            Some(Target::External(SUBSCRIPTION_KEY)),
            None,
        ),
        external(
            "plan_shared",
            ExternalKind::Resource {
                resource_type: "Microsoft.Web/serverfarms".parse().unwrap(),
                api_version: "2024-04-01".into(),
            },
            &in_group("rg-shared", "/providers/Microsoft.Web/serverfarms/plan-shared"),
            Some(Target::External(OUTSIDE_GROUP)),
            None,
        ),
    ]
}

fn parameters() -> Vec<Parameter> {
    let guid = |symbol: &str, description: &str, value: &str| Parameter {
        symbol: Symbol::new(symbol),
        description: description.to_owned(),
        kind: ParameterType::Text,
        default: Some(Json::from(value)),
        origin: Origin::External,
    };
    vec![
        Parameter {
            symbol: Symbol::new("contoso_web_api_key"),
            description: "API_KEY among the app settings of the site contoso-web".to_owned(),
            kind: ParameterType::Text,
            default: None,
            origin: Origin::Redacted {
                owner: ResourceKey(7),
                path: "properties.siteConfig.appSettings[0].value".to_owned(),
            },
        },
        guid("tenant_id", "The tenant", TENANT),
        guid("subscription_id", "The subscription", SUBSCRIPTION),
    ]
}

#[test]
fn the_example_is_in_dependency_order() {
    let plan = plan();
    for (key, resource) in plan.keyed() {
        let check = |target: Target| {
            if let Target::Resource(target) = target {
                assert!(target < key, "{} comes before {:?}", resource.symbol, target);
            }
        };
        check(resource.parent);
        resource.for_each_text(&mut |text| text.references().for_each(|reference| check(reference.target)));
    }
}
