//! Texts and values as expressions.

use super::text::{escape, is_identifier, key, string};
use crate::{
    deployment::{Deployment, Part, UnitKey},
    plan::{Attribute, Member, ParameterKey, ParameterType, Target, Text, Value},
};

/// Says the plan's texts and values within one template.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expressions<'d, 'p> {
    pub(super) deployment: &'d Deployment<'p>,
    pub(super) unit: UnitKey,
}

impl<'p> Expressions<'_, 'p> {
    pub(super) fn text(self, text: &'p Text) -> String {
        self.parts(&self.deployment.text(self.unit, text))
    }

    /// One expression alone, or a string with the others in it.
    pub(super) fn parts(self, parts: &[Part<'p>]) -> String {
        if let [part] = parts
            && !matches!(part, Part::Literal(_))
        {
            return self.part(part);
        }
        let mut out = String::from("'");
        for part in parts {
            match part {
                Part::Literal(text) => escape(text, &mut out),
                part => {
                    out.push_str("${");
                    out.push_str(&self.part(part));
                    out.push('}');
                }
            }
        }
        // `$` at the end of one literal and `{` at the beginning of the next cannot meet: something stands between.
        out.push('\'');
        out
    }

    fn part(self, part: &Part<'p>) -> String {
        let deployment = self.deployment;
        match part {
            Part::Literal(text) => string(text),
            Part::Own(key, attribute) => self.attribute(Target::Resource(*key), attribute),
            Part::Existing(key, attribute) => self.attribute(Target::External(*key), attribute),
            Part::Input(crossing) => {
                let name = deployment.crossing(crossing);
                if deployment.unit(self.unit).grouped_inputs() {
                    format!("{}.{name}", deployment.bundle)
                } else {
                    name.to_owned()
                }
            }
            Part::Output(from, crossing) => {
                let unit = deployment.unit(*from);
                let name = deployment.crossing(crossing);
                if unit.grouped_outputs() {
                    format!("{}.outputs.{}.{name}", unit.name, deployment.bundle)
                } else {
                    format!("{}.outputs.{name}", unit.name)
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

    fn attribute(self, target: Target, attribute: &Attribute) -> String {
        let mut out = self.deployment.name_of(target).to_owned();
        for name in self.deployment.path(target, attribute) {
            if is_identifier(&name) {
                out.push('.');
                out.push_str(&name);
            } else {
                out.push('[');
                out.push_str(&string(&name));
                out.push(']');
            }
        }
        out
    }

    pub(super) fn parameter(self, key: ParameterKey) -> String {
        let deployment = self.deployment;
        let name = deployment.parameter_name(key);
        let value = if deployment.grouped_parameters {
            format!("{}.{name}", deployment.settings)
        } else {
            name.to_owned()
        };
        match deployment.plan.parameter(key).kind {
            ParameterType::Text => value,
            // Bicep has no parameter that takes anything, so it is given as JSON.
            ParameterType::Any => format!("json({value})"),
        }
    }

    pub(super) fn value(self, value: &'p Value, indent: usize, out: &mut String) {
        match value {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Number(text) => number(text, out),
            Value::Text(text) => out.push_str(&self.text(text)),
            Value::Parameter(key) => out.push_str(&self.parameter(*key)),
            Value::Array(items) if items.is_empty() => out.push_str("[]"),
            Value::Array(items) => {
                out.push_str("[\n");
                for item in items {
                    pad(indent + 1, out);
                    let before = out.len();
                    self.value(item, indent + 1, out);
                    // Some tools take a call that begins an item for two items.
                    if is_call(&out[before..]) {
                        out.insert(before, '(');
                        out.push(')');
                    }
                    out.push('\n');
                }
                pad(indent, out);
                out.push(']');
            }
            Value::Object(members) => self.object(members, indent, out),
        }
    }

    pub(super) fn object(self, members: &'p [Member], indent: usize, out: &mut String) {
        if members.is_empty() {
            out.push_str("{}");
            return;
        }
        out.push_str("{\n");
        for member in members {
            self.member(member, indent + 1, out);
        }
        pad(indent, out);
        out.push('}');
    }

    pub(super) fn member(self, member: &'p Member, indent: usize, out: &mut String) {
        pad(indent, out);
        out.push_str(&self.key(&member.name));
        out.push_str(": ");
        self.value(&member.value, indent, out);
        out.push('\n');
    }

    /// The name of a member: an expression is allowed within a string only.
    pub(super) fn key(self, name: &'p Text) -> String {
        match name {
            Text::Literal(name) => key(name),
            Text::Pieces(_) => {
                let parts = self.deployment.text(self.unit, name);
                match &parts[..] {
                    [Part::Literal(name)] => key(name),
                    [part] => format!("'${{{}}}'", self.part(part)),
                    parts => self.parts(parts),
                }
            }
        }
    }
}

fn is_call(text: &str) -> bool {
    text.find(|c: char| !c.is_ascii_alphanumeric())
        .is_some_and(|at| at > 0 && text[at..].starts_with('('))
}

pub(super) fn pad(indent: usize, out: &mut String) {
    for _ in 0..indent {
        out.push_str("  ");
    }
}

/// Bicep knows whole numbers of 64 bits only; any other is read from JSON.
fn number(text: &str, out: &mut String) {
    if text.parse::<i64>().is_ok_and(|number| number != i64::MIN) && text != "-0" {
        out.push_str(text);
    } else {
        out.push_str("json('");
        escape(text, out);
        out.push_str("')");
    }
}
