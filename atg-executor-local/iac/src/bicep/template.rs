//! One file: what it is deployed to, what it takes, what it makes, what it hands out.

use super::{
    expression::Expressions,
    parameters,
    resource::{line, list},
    text::{comment, string},
};
use crate::{
    deployment::{Deployment, Part, Unit, UnitKey},
    plan::{ParameterType, Scope, Target},
};

pub(super) fn template(deployment: &Deployment<'_>, key: UnitKey) -> String {
    let unit = deployment.unit(key);
    let expressions = Expressions {
        deployment,
        unit: key,
    };
    let mut out = String::new();
    if key == UnitKey::ROOT {
        heading(unit, &mut out);
    }
    out.push_str(&format!("targetScope = '{}'\n", target_scope(unit.scope)));
    let mut declared = String::new();
    inputs(deployment, unit, &mut declared);
    parameters::declare(deployment, key, &mut declared);
    section(&declared, &mut out);
    for &key in &unit.existing {
        block(&mut out, |out| expressions.external(key, out));
    }
    for &key in &unit.foreign {
        block(&mut out, |out| expressions.foreign(key, out));
    }
    for step in &unit.steps {
        block(&mut out, |out| expressions.resource(step, out));
    }
    if key == UnitKey::ROOT {
        for (key, unit) in deployment.modules() {
            block(&mut out, |out| expressions.module(key, unit, out));
        }
    }
    let mut handed_out = String::new();
    expressions.outputs(&mut handed_out);
    section(&handed_out, &mut out);
    out
}

fn heading(unit: &Unit, out: &mut String) {
    let command = match unit.scope {
        Scope::Subscription(_) => "az deployment sub create",
        _ => "az deployment tenant create",
    };
    out.push_str(&comment(&format!(
        "{command} --location LOCATION --template-file main.bicep --parameters main.bicepparam"
    )));
    out.push('\n');
}

const fn target_scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Tenant => "tenant",
        Scope::ManagementGroup(_) => "managementGroup",
        Scope::Subscription(_) => "subscription",
        Scope::ResourceGroup(_) => "resourceGroup",
    }
}

/// A block of its own, with an empty line before it.
fn block(out: &mut String, write: impl FnOnce(&mut String)) {
    let before = out.len();
    out.push('\n');
    write(out);
    if out.len() == before + 1 {
        out.truncate(before);
    }
}

fn section(text: &str, out: &mut String) {
    if !text.is_empty() {
        out.push('\n');
        out.push_str(text);
    }
}

/// What the root hands in.
fn inputs(deployment: &Deployment<'_>, unit: &Unit, out: &mut String) {
    if unit.grouped_inputs() {
        out.push_str("@description('What other modules hand out.')\n");
        out.push_str(&format!("param {} object\n", deployment.bundle));
        return;
    }
    for crossing in &unit.inputs {
        let symbol = &deployment.plan.resource(crossing.0).symbol;
        let what = deployment
            .path(Target::Resource(crossing.0), &crossing.1)
            .join(".");
        out.push_str(&format!(
            "@description({})\n",
            string(&format!("{what} of {symbol}, which another module makes"))
        ));
        out.push_str(&format!("param {} string\n", deployment.crossing(crossing)));
    }
}

impl Expressions<'_, '_> {
    fn outputs(self, out: &mut String) {
        let deployment = self.deployment;
        let unit = deployment.unit(self.unit);
        let value =
            |crossing: &crate::deployment::Crossing| self.parts(&deployment.made(self.unit, crossing));
        if unit.grouped_outputs() {
            out.push_str(&format!("output {} object = {{\n", deployment.bundle));
            for crossing in &unit.outputs {
                line(deployment.crossing(crossing), &value(crossing), out);
            }
            out.push_str("}\n");
        } else {
            for crossing in &unit.outputs {
                out.push_str(&format!(
                    "output {} string = {}\n",
                    deployment.crossing(crossing),
                    value(crossing)
                ));
            }
        }
    }

    /// A module of the root.
    fn module(self, key: UnitKey, unit: &Unit, out: &mut String) {
        let deployment = self.deployment;
        out.push_str(&format!(
            "module {} 'modules/{}.bicep' = {{\n",
            unit.name, unit.file
        ));
        line("name", &string(&unit.name), out);
        if let Some(scope) = self.module_scope(unit.scope) {
            line("scope", &scope, out);
        }
        let mut given = Vec::new();
        let mut said = Vec::new();
        for crossing in &unit.inputs {
            let parts = deployment.made(UnitKey::ROOT, crossing);
            for part in &parts {
                match part {
                    Part::Output(from, _) => said.push(Ok(*from)),
                    Part::Own(resource, _) => said.push(Err(*resource)),
                    _ => {}
                }
            }
            given.push((deployment.crossing(crossing), self.parts(&parts)));
        }
        let mut params = String::new();
        let mut assign = |grouped: bool, object: &str, given: &[(&str, String)]| {
            let indent = if grouped { "      " } else { "    " };
            if grouped && !given.is_empty() {
                params.push_str(&format!("    {object}: {{\n"));
            }
            for (name, value) in given {
                params.push_str(&format!("{indent}{name}: {value}\n"));
            }
            if grouped && !given.is_empty() {
                params.push_str("    }\n");
            }
        };
        assign(unit.grouped_inputs(), &deployment.bundle, &given);
        if deployment.grouped_parameters {
            if !unit.parameters.is_empty() {
                assign(false, "", &[(&deployment.settings, deployment.settings.clone())]);
            }
        } else {
            let own: Vec<_> = unit
                .parameters
                .iter()
                .map(|&key| {
                    (
                        deployment.parameter_name(key),
                        deployment.parameter_name(key).to_owned(),
                    )
                })
                .collect();
            assign(false, "", &own);
        }
        if !params.is_empty() {
            out.push_str("  params: {\n");
            out.push_str(&params);
            out.push_str("  }\n");
        }
        // The group that it is deployed to says so by itself, where its symbol is the scope.
        if let Scope::ResourceGroup(Target::Resource(key)) = unit.scope
            && self.scope_is_symbol(unit.scope)
        {
            said.push(Err(key));
        }
        let mut waits: Vec<&str> = unit
            .after_resources
            .iter()
            .filter(|&&key| !said.contains(&Err(key)))
            .map(|&key| deployment.name_of(Target::Resource(key)))
            .collect();
        waits.extend(
            unit.after
                .iter()
                .filter(|&&other| other != key && !said.contains(&Ok(other)))
                .map(|&other| deployment.unit(other).name.as_str()),
        );
        list("dependsOn", &waits, out);
        out.push_str("}\n");
    }

    /// Whether a module's scope is a resource group that stands in the root.
    fn scope_is_symbol(self, scope: Scope) -> bool {
        matches!(scope, Scope::ResourceGroup(Target::Resource(key)) if self.deployment.place(key) == Some(UnitKey::ROOT))
    }

    fn module_scope(self, scope: Scope) -> Option<String> {
        let deployment = self.deployment;
        let root = deployment.root().scope;
        if scope == root {
            return None;
        }
        let subscription = || {
            let key = deployment.subscription(scope)?;
            (deployment.subscription(root) != Some(key))
                .then(|| self.parts(&deployment.name(UnitKey::ROOT, Target::External(key))))
        };
        Some(match scope {
            Scope::Tenant => "tenant()".to_owned(),
            Scope::ManagementGroup(target) => {
                format!("managementGroup({})", self.parts(&deployment.scope_name(target)))
            }
            Scope::Subscription(_) => format!("subscription({})", subscription().unwrap_or_default()),
            Scope::ResourceGroup(target) => {
                if self.scope_is_symbol(scope) {
                    return Some(deployment.name_of(target).to_owned());
                }
                let name = self.parts(&deployment.scope_name(target));
                match subscription() {
                    Some(subscription) => format!("resourceGroup({subscription}, {name})"),
                    None => format!("resourceGroup({name})"),
                }
            }
        })
    }
}

/// The type that a parameter is declared with.
pub(super) const fn declared_type(kind: ParameterType) -> &'static str {
    match kind {
        // JSON in a text: Bicep has no parameter that takes anything.
        ParameterType::Text | ParameterType::Any => "string",
    }
}
