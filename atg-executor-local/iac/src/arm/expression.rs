//! Texts as literals and expressions.

use super::json::Writer;
use crate::{
    deployment::{Base, Deployment, Existing, ExistingScope, Part, UnitKey},
    plan::{Attribute, Kind, Member, ParameterKey, ParameterType, Scope, Target, Text, Value},
};

/// Says the plan's texts and values within one template.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expressions<'d, 'p> {
    pub(super) deployment: &'d Deployment<'p>,
    pub(super) unit: UnitKey,
}

impl<'p> Expressions<'_, 'p> {
    /// A text as the template holds it.
    pub(super) fn text(self, text: &'p Text) -> String {
        self.joined(&self.deployment.text(self.unit, text))
    }

    pub(super) fn joined(self, parts: &[Part<'p>]) -> String {
        match parts {
            [] => String::new(),
            [Part::Literal(text)] => literal(text),
            parts => format!("[{}]", self.expression(parts)),
        }
    }

    /// Parts as one expression, without brackets.
    pub(super) fn expression(self, parts: &[Part<'p>]) -> String {
        match parts {
            [] => quoted(""),
            [part] => self.part(part),
            parts => {
                let parts: Vec<_> = parts.iter().map(|part| self.part(part)).collect();
                format!("concat({})", parts.join(", "))
            }
        }
    }

    fn part(self, part: &Part<'p>) -> String {
        let deployment = self.deployment;
        match part {
            Part::Literal(text) => quoted(text),
            Part::Own(key, attribute) => self.own(*key, attribute),
            Part::Existing(key, attribute) => match Existing::of(deployment.plan, *key) {
                Some(existing) => self.existing(Target::External(*key), &existing, attribute),
                None => quoted(&deployment.plan.external(*key).id),
            },
            Part::Input(crossing) => {
                let name = deployment.crossing(crossing);
                if deployment.unit(self.unit).grouped_inputs() {
                    format!("parameters({}).{name}", quoted(&deployment.bundle))
                } else {
                    format!("parameters({})", quoted(name))
                }
            }
            Part::Output(from, crossing) => {
                let unit = deployment.unit(*from);
                let name = deployment.crossing(crossing);
                let outputs = format!("reference({}).outputs", quoted(&unit.name));
                if unit.grouped_outputs() {
                    format!("{outputs}.{}.value.{name}", deployment.bundle)
                } else {
                    format!("{outputs}.{name}.value")
                }
            }
            Part::Parameter(key) => self.parameter(*key),
            Part::TenantId => "tenant().tenantId".to_owned(),
            Part::SubscriptionId => "subscription().id".to_owned(),
            Part::SubscriptionGuid => "subscription().subscriptionId".to_owned(),
            Part::GroupId => "resourceGroup().id".to_owned(),
            Part::GroupName => "resourceGroup().name".to_owned(),
        }
    }

    fn parameter(self, key: ParameterKey) -> String {
        let deployment = self.deployment;
        let name = deployment.parameter_name(key);
        let value = if deployment.grouped_parameters {
            format!("parameters({}).{name}", quoted(&deployment.settings))
        } else {
            format!("parameters({})", quoted(name))
        };
        match deployment.plan.parameter(key).kind {
            ParameterType::Text => value,
            ParameterType::Any => format!("json({value})"),
        }
    }

    /// An attribute of a resource of this template.
    fn own(self, key: crate::plan::ResourceKey, attribute: &Attribute) -> String {
        if *attribute == Attribute::Id {
            return self.resource_id(key);
        }
        let target = Target::Resource(key);
        let version = match &self.deployment.plan.resource(key).kind {
            Kind::Arm { api_version, .. } => api_version,
            Kind::Entra(_) => "",
        };
        let path = self.deployment.path(target, attribute);
        ask(&quoted(self.deployment.name_of(target)), version, false, &path)
    }

    /// The ID of a resource that this template makes, or that another makes in the same scope.
    pub(super) fn resource_id(self, key: crate::plan::ResourceKey) -> String {
        let deployment = self.deployment;
        let Some(resource_type) = deployment.plan.resource(key).resource_type() else {
            return quoted(&deployment.plan.resource(key).id);
        };
        let chain = deployment.chain(self.unit, key);
        let names: Vec<_> = chain.names.iter().map(|name| self.expression(name)).collect();
        let scope = match chain.base {
            Base::Extended(target) => {
                return call(
                    "extensionResourceId",
                    &self.id(target),
                    resource_type.as_str(),
                    &names,
                );
            }
            Base::Scope => deployment.unit(self.unit).scope,
        };
        match scope {
            Scope::Subscription(_)
                if resource_type
                    .as_str()
                    .eq_ignore_ascii_case("Microsoft.Resources/resourceGroups") =>
            {
                format!(
                    "concat(subscription().id, '/resourceGroups/', {})",
                    names.join(", ")
                )
            }
            Scope::ResourceGroup(_) => call("resourceId", "", resource_type.as_str(), &names),
            Scope::Subscription(_) => call("subscriptionResourceId", "", resource_type.as_str(), &names),
            Scope::ManagementGroup(_) => call(
                "extensionResourceId",
                "managementGroup().id",
                resource_type.as_str(),
                &names,
            ),
            Scope::Tenant => call("tenantResourceId", "", resource_type.as_str(), &names),
        }
    }

    /// The ID of what something hangs on.
    pub(super) fn id(self, target: Target) -> String {
        match target {
            Target::Resource(key) => self.resource_id(key),
            Target::External(_) => self.expression(&self.deployment.id(self.unit, target)),
        }
    }

    fn existing(self, target: Target, existing: &Existing<'p>, attribute: &Attribute) -> String {
        let names: Vec<_> = existing.names.iter().map(|name| quoted(name)).collect();
        let own = self.deployment.unit(self.unit).scope;
        let within = |scope: Target| self.expression(&self.deployment.id(self.unit, scope));
        let (function, scope) = match existing.scope {
            ExistingScope::Tenant => ("tenantResourceId", String::new()),
            ExistingScope::ResourceGroup(group) if own == Scope::ResourceGroup(group) => {
                ("resourceId", String::new())
            }
            ExistingScope::Subscription(key) if self.deployment.subscription(own) == Some(key) => {
                ("subscriptionResourceId", String::new())
            }
            ExistingScope::Subscription(key) => ("extensionResourceId", within(Target::External(key))),
            ExistingScope::ManagementGroup(target) | ExistingScope::ResourceGroup(target) => {
                ("extensionResourceId", within(target))
            }
        };
        let id = call(function, &scope, existing.resource_type, &names);
        if *attribute == Attribute::Id {
            return id;
        }
        let path = self.deployment.path(target, attribute);
        ask(&id, existing.api_version, true, &path)
    }

    pub(super) fn value(self, value: &'p Value, json: &mut Writer) {
        match value {
            Value::Null => json.raw("null"),
            Value::Bool(value) => json.raw(if *value { "true" } else { "false" }),
            Value::Number(text) => json.raw(text),
            Value::Text(text) => json.string(&self.text(text)),
            Value::Parameter(key) => json.string(&format!("[{}]", self.parameter(*key))),
            Value::Array(items) => json.array(|json| {
                for item in items {
                    self.value(item, json);
                }
            }),
            Value::Object(members) => json.object(|json| {
                for member in members {
                    self.member(member, json);
                }
            }),
        }
    }

    pub(super) fn member(self, member: &'p Member, json: &mut Writer) {
        json.name(&self.text(&member.name));
        self.value(&member.value, json);
    }
}

/// `function(scope, 'type', names…)`
fn call(function: &str, scope: &str, resource_type: &str, names: &[String]) -> String {
    let mut arguments = Vec::with_capacity(names.len() + 2);
    if !scope.is_empty() {
        arguments.push(scope.to_owned());
    }
    arguments.push(quoted(resource_type));
    arguments.extend_from_slice(names);
    format!("{function}({})", arguments.join(", "))
}

/// What Azure answers about a resource, by its symbol or its ID. `properties` is what it answers unless asked for all.
fn ask(what: &str, api_version: &str, by_id: bool, path: &[String]) -> String {
    let (mut out, rest) = match path.split_first() {
        Some((first, rest)) if first == "properties" => {
            if by_id {
                (format!("reference({what}, {})", quoted(api_version)), rest)
            } else {
                (format!("reference({what})"), rest)
            }
        }
        _ => (
            format!("reference({what}, {}, 'full')", quoted(api_version)),
            path,
        ),
    };
    for name in rest {
        if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            out.push('.');
            out.push_str(name);
        } else {
            out.push_str(&format!("[{}]", quoted(name)));
        }
    }
    out
}

/// A string within an expression.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A string that stands alone. In brackets it would be an expression, and a second bracket before it says that it is
/// none. Two brackets at the beginning and none at the end are not documented, and so said by an expression.
pub(super) fn literal(text: &str) -> String {
    if !text.starts_with('[') {
        text.to_owned()
    } else if text.ends_with(']') {
        format!("[{text}")
    } else if text.starts_with("[[") {
        format!("[concat('[', {})]", quoted(&text[1..]))
    } else {
        text.to_owned()
    }
}
