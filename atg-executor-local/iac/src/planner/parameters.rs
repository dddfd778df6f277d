//! What whoever applies the files gives: secrets, and which tenant and subscriptions are meant.

use std::collections::HashSet;

use atg_json::Json;

use super::{
    OtherTenant,
    names::snake,
    naming,
    numbers::Numbers,
    resolve::{Secret, SecretKind},
};
use crate::plan::{
    Association, External, ExternalKind, Origin, Parameter, ParameterKey, ParameterType, Resource, Symbol,
};

/// The parameters of a plan, secrets first. Says to the externals which ones are theirs.
pub(crate) fn make(
    secrets: &[Secret],
    numbers: &Numbers,
    resources: &[Resource],
    associations: &[Association],
    externals: &mut [External],
    target: Option<&OtherTenant>,
) -> Vec<Parameter> {
    let mut names = Names::new(resources, associations, externals);
    let mut out = Vec::new();
    for number in &numbers.secrets {
        let Secret { owner, path, kind } = &secrets[*number];
        // A secret is found in a body that is written.
        let Some(owner) = numbers.of(*owner) else { continue };
        let resource = &resources[owner.index()];
        let last = path.rsplit('.').next().unwrap_or_default();
        let place = last
            .split('[')
            .next()
            .filter(|name| !name.is_empty())
            .unwrap_or(last);
        out.push(Parameter {
            symbol: names.free(&format!("{}_{}", resource.symbol, snake(place))),
            description: one_line(&format!(
                "Secret: {path} of {} {}",
                last_segment(
                    resource
                        .resource_type()
                        .map_or("", |resource_type| resource_type.as_str())
                ),
                last_segment(&resource.id)
            )),
            kind: ParameterType::Text,
            default: None,
            origin: match kind {
                SecretKind::Redacted => Origin::Redacted {
                    owner,
                    path: path.clone(),
                },
                SecretKind::WriteOnly => Origin::WriteOnly {
                    owner,
                    path: path.clone(),
                },
            },
        });
    }
    let subscriptions = externals
        .iter()
        .filter(|external| external.kind == ExternalKind::Subscription)
        .count();
    let mut found: Vec<(usize, Parameter)> = Vec::new();
    for (at, external) in externals.iter().enumerate() {
        let guid = last_segment(&external.id);
        let ledger = target.and_then(|target| target.ledger.as_ref());
        let (name, description, elsewhere) = match external.kind {
            ExternalKind::Tenant => (
                "tenant_id".to_owned(),
                "The tenant".to_owned(),
                target.map(|target| target.tenant.to_string()),
            ),
            ExternalKind::Subscription => {
                let name = match subscriptions {
                    1 => "subscription_id".to_owned(),
                    _ => format!(
                        "subscription_id_{}",
                        snake(guid.split('-').next().unwrap_or_default())
                    ),
                };
                let description = match target {
                    Some(_) => format!("The subscription that stands for {guid}"),
                    None => format!("The subscription {guid}"),
                };
                let said = ledger.and_then(|ledger| ledger.subscription(guid));
                (name, description, said.map(str::to_owned))
            }
            // In its own tenant it is what it is.
            ExternalKind::Directory if target.is_some() => (
                format!("{}_object_id", external.symbol),
                format!("The object ID of what stands for {guid}"),
                ledger
                    .and_then(|ledger| ledger.principal(guid))
                    .map(str::to_owned),
            ),
            ExternalKind::Directory
            | ExternalKind::ManagementGroup
            | ExternalKind::ResourceGroup
            | ExternalKind::Resource { .. } => continue,
        };
        let parameter = Parameter {
            symbol: names.own(&name),
            description,
            kind: ParameterType::Text,
            default: match target {
                Some(_) => elsewhere.map(Json::from),
                None => Some(Json::from(guid)),
            },
            origin: Origin::External,
        };
        found.push((at, parameter));
    }
    found.sort_by_key(|(_, parameter)| parameter.default.is_some());
    for (at, parameter) in found {
        externals[at].parameter = Some(ParameterKey(u32::try_from(out.len()).unwrap_or(u32::MAX)));
        out.push(parameter);
    }
    out
}

/// The names that are taken.
struct Names(HashSet<String>);

impl Names {
    fn new(resources: &[Resource], associations: &[Association], externals: &[External]) -> Self {
        let all = resources
            .iter()
            .map(|resource| &resource.symbol)
            .chain(associations.iter().map(|association| &association.symbol))
            .chain(externals.iter().map(|external| &external.symbol));
        Self(
            all.map(ToString::to_string)
                .chain(naming::PARAMETERS.iter().map(|name| (*name).to_owned()))
                .collect(),
        )
    }

    /// One of the names that were kept for parameters, or a free one.
    fn own(&mut self, name: &str) -> Symbol {
        if naming::PARAMETERS.contains(&name) {
            Symbol::new(name)
        } else {
            self.free(name)
        }
    }

    /// The name itself where it is free, otherwise with the first number that makes it so.
    fn free(&mut self, name: &str) -> Symbol {
        let mut number = 1_u32;
        loop {
            let ending = if number == 1 {
                String::new()
            } else {
                format!("_{number}")
            };
            let room = Symbol::MAX - ending.len();
            let text = format!("{}{ending}", name[..name.len().min(room)].trim_end_matches('_'));
            if self.0.insert(text.clone()) {
                return Symbol::new(text);
            }
            number += 1;
        }
    }
}

/// Names may hold anything; a description is for people, and is one line.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(500)
        .collect()
}

fn last_segment(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or_default()
}
