//! Plans whose shape makes the cutting into deployments hard.

use std::collections::BTreeMap;

use super::tenants::{check, written_as_arm, written_as_bicep};
use crate::{
    deployment::{Deployment, MAX_RESOURCES},
    plan::{
        Association, Attribute, External, ExternalKey, ExternalKind, Nesting, Origin, Parameter,
        ParameterKey, ParameterType, Piece, Plan, Reference, Resource, ResourceKey, Scope, Symbol, Target,
        Text, Value, example,
    },
};

const SUBSCRIPTION: ExternalKey = ExternalKey(1);

/// Two resource groups in the example's subscription, and nothing else.
fn groups() -> Plan {
    let mut plan = example::plan();
    plan.resources.truncate(2);
    plan.parameters.retain(|parameter| !parameter.is_secret());
    for external in &mut plan.externals {
        external.parameter = None;
    }
    plan
}

/// Adds a resource to one of the groups, which refers to others.
fn add(plan: &mut Plan, group: u32, refers_to: &[ResourceKey]) -> ResourceKey {
    let at = plan.resources.len();
    let group = ResourceKey(group);
    let name = format!("r{at}");
    let id = format!(
        "{}/providers/Microsoft.Network/virtualNetworks/{name}",
        plan.resource(group).id
    );
    let mut resource = example::arm(
        &id,
        "Microsoft.Network/virtualNetworks",
        "2025-07-01",
        Scope::ResourceGroup(Target::Resource(group)),
        Target::Resource(group),
    );
    resource.symbol = Symbol::new(name);
    let refers: Vec<_> = refers_to.iter().map(|&key| refer(plan, key)).collect();
    resource.body = example::members([("properties", example::object([("others", Value::Array(refers))]))]);
    plan.resources.push(resource);
    ResourceKey(u32::try_from(at).unwrap())
}

fn refer(plan: &Plan, key: ResourceKey) -> Value {
    Value::Text(example::reference(
        Target::Resource(key),
        Attribute::Id,
        &plan.resource(key).id,
    ))
}

fn units(plan: &Plan) -> Vec<(String, usize)> {
    let deployment = Deployment::of(plan);
    deployment
        .units
        .iter()
        .map(|unit| (unit.file.clone(), unit.steps.len()))
        .collect()
}

fn named(list: &[(&str, usize)]) -> Vec<(String, usize)> {
    list.iter()
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect()
}

#[test]
fn groups_that_refer_to_each_other_are_cut_in_two() {
    let mut plan = groups();
    let first = add(&mut plan, 0, &[]);
    let second = add(&mut plan, 1, &[first]);
    let third = add(&mut plan, 0, &[second]);
    add(&mut plan, 1, &[third, second]);
    check(&plan);
    assert_eq!(
        units(&plan),
        named(&[
            ("main", 2),
            ("rg_net", 1),
            ("rg_app", 1),
            ("rg_net-2", 1),
            ("rg_app-2", 1)
        ])
    );
}

#[test]
fn a_parent_in_another_unit_is_declared_as_existing() {
    let mut plan = groups();
    let parent = add(&mut plan, 0, &[]);
    let other = add(&mut plan, 1, &[parent]);
    let child = add(&mut plan, 0, &[other]);
    let grandchild = add(&mut plan, 0, &[child]);
    let below = |plan: &mut Plan, key: ResourceKey, to: ResourceKey, nesting, resource_type: &str| {
        let parent = plan.resource(to).id.clone();
        let resource = &mut plan.resources[key.index()];
        resource.parent = Target::Resource(to);
        resource.nesting = nesting;
        if let crate::plan::Kind::Arm {
            resource_type: of, ..
        } = &mut resource.kind
        {
            *of = resource_type.parse().unwrap();
        }
        let name = resource.name.as_literal().unwrap();
        resource.id = format!("{parent}{}{name}", resource.id_suffix());
    };
    below(
        &mut plan,
        child,
        parent,
        Nesting::Child,
        "Microsoft.Network/virtualNetworks/subnets",
    );
    below(
        &mut plan,
        grandchild,
        child,
        Nesting::Extension,
        "Microsoft.Authorization/locks",
    );
    check(&plan);
    let (files, _) = written_as_bicep(&plan);
    let module = &files["modules/rg_net-2.bicep"];
    assert!(
        module.contains("resource r2 'Microsoft.Network/virtualNetworks@2025-07-01' existing = {"),
        "{module}"
    );
    assert!(
        module.contains("  parent: r2\n") && module.contains("  scope: r4\n"),
        "{module}"
    );
}

#[test]
fn a_group_of_thousands_is_cut_into_what_azure_takes() {
    let mut plan = groups();
    let mut last = add(&mut plan, 0, &[]);
    for at in 0..MAX_RESOURCES * 2 {
        let refers_to = if at % 3 == 0 { vec![last] } else { vec![] };
        last = add(&mut plan, 0, &refers_to);
    }
    check(&plan);
    assert_eq!(
        units(&plan),
        named(&[
            ("main", 2),
            ("rg_net", MAX_RESOURCES),
            ("rg_net-2", MAX_RESOURCES),
            ("rg_net-3", 1)
        ])
    );
}

#[test]
fn many_values_travel_in_one_object() {
    let mut plan = groups();
    let made: Vec<_> = (0..250).map(|_| add(&mut plan, 0, &[])).collect();
    add(&mut plan, 1, &made);
    for at in 0..250 {
        plan.parameters.push(Parameter {
            symbol: Symbol::new(format!("secret_{at}")),
            description: "A secret".to_owned(),
            kind: if at % 2 == 0 {
                ParameterType::Text
            } else {
                ParameterType::Any
            },
            default: None,
            origin: Origin::Redacted {
                owner: made[0],
                path: "properties.others".to_owned(),
            },
        });
        let key = ParameterKey(u32::try_from(plan.parameters.len() - 1).unwrap());
        plan.resources[made[0].index()]
            .body
            .push(crate::plan::Member::new(format!("p{at}"), Value::Parameter(key)));
    }
    check(&plan);
    let (files, _) = written_as_bicep(&plan);
    assert!(files["main.bicep"].contains("rg_net_resources.outputs.bundle.r2_id"));
    assert!(files["modules/rg_net.bicep"].contains("@secure()\nparam settings object\n"));
}

/// A key vault that lets a machine in whose identity is known once it is there, and that the machine refers to.
#[test]
fn what_refers_in_a_circle_is_put_twice() {
    let mut plan = groups();
    let vault = add(&mut plan, 0, &[]);
    let machine = add(&mut plan, 0, &[vault]);
    let reader = add(&mut plan, 1, &[vault, machine]);
    plan.associations.push(Association {
        symbol: Symbol::new("vault_lets_machine_in"),
        owner: vault,
        path: vec![
            "properties".to_owned(),
            "access".to_owned(),
            "objectId".to_owned(),
        ],
        value: Value::Text(Text::Pieces(vec![Piece::Reference(Reference {
            target: Target::Resource(machine),
            attribute: Attribute::PrincipalId,
            spelled: "77777777-7777-4777-8777-777777777777".into(),
        })])),
        unordered: Value::literal("77777777-7777-4777-8777-777777777777"),
    });
    check(&plan);
    assert_eq!(
        units(&plan),
        named(&[("main", 2), ("rg_net", 2), ("rg_app", 1), ("rg_net-links", 1)])
    );
    let _ = reader;
}

#[test]
fn a_plan_of_two_subscriptions_is_deployed_to_the_tenant() {
    let mut plan = example::plan();
    let other = "99999999-9999-4999-8999-999999999999";
    plan.externals.push(External {
        symbol: Symbol::new("other"),
        kind: ExternalKind::Subscription,
        id: format!("/subscriptions/{other}"),
        parent: None,
        parameter: None,
    });
    let other = ExternalKey(u32::try_from(plan.externals.len() - 1).unwrap());
    let app = &mut plan.resources[1];
    app.scope = Scope::Subscription(other);
    app.parent = Target::External(other);
    let of = |resource: &mut Resource| {
        resource.id = resource
            .id
            .replace(example::SUBSCRIPTION, "99999999-9999-4999-8999-999999999999");
    };
    of(app);
    of(&mut plan.resources[7]);
    check(&plan);
    let (files, _) = written_as_bicep(&plan);
    let main = &files["main.bicep"];
    assert!(main.contains("targetScope = 'tenant'"), "{main}");
    assert!(
        main.contains("scope: resourceGroup(subscription_id, 'rg-net')"),
        "{main}"
    );
    assert!(
        main.contains("scope: subscription('99999999-9999-4999-8999-999999999999')"),
        "{main}"
    );
    let (files, _) = written_as_arm(&plan);
    assert!(files["azuredeploy.json"].contains("tenantDeploymentTemplate.json#"));
}

#[test]
fn a_symbol_that_would_hide_a_function_gets_another_name() {
    let mut plan = groups();
    let key = add(&mut plan, 0, &[]);
    plan.resources[key.index()].symbol = Symbol::new("subscription");
    plan.externals[SUBSCRIPTION.index()].symbol = Symbol::new("sub");
    add(&mut plan, 0, &[key]);
    plan.resources[key.index()].body = vec![crate::plan::Member::new(
        "managedBy",
        Value::Text(example::reference(
            Target::External(SUBSCRIPTION),
            Attribute::Id,
            "",
        )),
    )];
    check(&plan);
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let once: Vec<BTreeMap<_, _>> = vec![
        written_as_arm(&example::plan()).0,
        written_as_bicep(&example::plan()).0,
    ];
    let again = vec![
        written_as_arm(&example::plan()).0,
        written_as_bicep(&example::plan()).0,
    ];
    assert_eq!(once, again);
}
