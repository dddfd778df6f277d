//! Whole templates: the root's, and those within it.

use atg_json::Json;

use super::{
    expression::{Expressions, literal},
    json::Writer,
};
use crate::{
    deployment::{Crossing, Deployment, Unit, UnitKey},
    facts,
    plan::{Parameter, ParameterType, Scope, Target},
};

/// The version to deploy nested templates with, where the facts do not know one.
const DEPLOYMENTS_VERSION: &str = "2025-04-01";

/// `azuredeploy.json`
pub(super) fn root(deployment: &Deployment<'_>) -> String {
    let mut json = Writer::default();
    let expressions = Expressions {
        deployment,
        unit: UnitKey::ROOT,
    };
    json.object(|json| expressions.template(json));
    json.finish()
}

/// `azuredeploy.parameters.json`: what has a default. What has none is asked for by the one who deploys.
pub(super) fn parameters(deployment: &Deployment<'_>) -> String {
    let mut json = Writer::default();
    json.object(|json| {
        json.member(
            "$schema",
            "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
        );
        json.member("contentVersion", "1.0.0.0");
        json.name("parameters");
        json.object(|json| {
            let used = deployment.root().parameters.iter().map(|&key| {
                let parameter = deployment.plan.parameter(key);
                (deployment.parameter_name(key), default(parameter))
            });
            if deployment.grouped_parameters {
                json.name(&deployment.settings);
                json.object(|json| {
                    json.name("value");
                    // Nothing asks for a member of an object, so those without a default are there to be filled in.
                    json.object(|json| {
                        for (name, value) in used {
                            json.member(name, &value.unwrap_or_default());
                        }
                    });
                });
            } else {
                for (name, value) in used.filter_map(|(name, value)| Some((name, value?))) {
                    json.name(name);
                    json.object(|json| json.member("value", &value));
                }
            }
        });
    });
    json.finish()
}

fn default(parameter: &Parameter) -> Option<String> {
    match (parameter.kind, parameter.default.as_ref()?) {
        (ParameterType::Text, Json::String(text)) => Some(text.clone()),
        (_, value) => Some(value.to_string()),
    }
}

impl<'p> Expressions<'_, 'p> {
    fn template(self, json: &mut Writer) {
        let deployment = self.deployment;
        let unit = deployment.unit(self.unit);
        json.member("$schema", schema(unit.scope));
        json.member("languageVersion", "2.0");
        json.member("contentVersion", "1.0.0.0");
        if !unit.inputs.is_empty() || !unit.parameters.is_empty() {
            json.name("parameters");
            json.object(|json| self.declare(unit, json));
        }
        json.name("resources");
        json.object(|json| {
            for step in &unit.steps {
                self.resource(step, json);
            }
            if self.unit == UnitKey::ROOT {
                for (key, unit) in deployment.modules() {
                    json.name(&unit.name);
                    json.object(|json| self.nested(key, unit, json));
                }
            }
        });
        if !unit.outputs.is_empty() {
            json.name("outputs");
            json.object(|json| self.outputs(unit, json));
        }
    }

    fn declare(self, unit: &Unit, json: &mut Writer) {
        let deployment = self.deployment;
        if unit.grouped_inputs() {
            declaration(
                &deployment.bundle,
                "object",
                "What other deployments hand out.",
                None,
                json,
            );
        } else {
            for crossing in &unit.inputs {
                let symbol = &deployment.plan.resource(crossing.0).symbol;
                let what = deployment
                    .path(Target::Resource(crossing.0), &crossing.1)
                    .join(".");
                let description = format!("{what} of {symbol}, which another deployment makes");
                declaration(deployment.crossing(crossing), "string", &description, None, json);
            }
        }
        if deployment.grouped_parameters {
            if !unit.parameters.is_empty() {
                let description = "Values for this tenant, by name.";
                declaration(&deployment.settings, "secureObject", description, None, json);
            }
            return;
        }
        for &key in &unit.parameters {
            let parameter = deployment.plan.parameter(key);
            let kind = if parameter.is_secret() {
                "securestring"
            } else {
                "string"
            };
            let description = match parameter.kind {
                ParameterType::Text => parameter.description.clone(),
                ParameterType::Any => format!("{} (JSON)", parameter.description),
            };
            let default = (self.unit == UnitKey::ROOT).then(|| default(parameter)).flatten();
            declaration(
                deployment.parameter_name(key),
                kind,
                &description,
                default.as_deref(),
                json,
            );
        }
    }

    fn outputs(self, unit: &Unit, json: &mut Writer) {
        let deployment = self.deployment;
        let value = |crossing: &Crossing| self.joined(&deployment.made(self.unit, crossing));
        if unit.grouped_outputs() {
            json.name(&deployment.bundle);
            json.object(|json| {
                json.member("type", "object");
                json.name("value");
                json.object(|json| {
                    for crossing in &unit.outputs {
                        json.member(deployment.crossing(crossing), &value(crossing));
                    }
                });
            });
            return;
        }
        for crossing in &unit.outputs {
            json.name(deployment.crossing(crossing));
            json.object(|json| {
                json.member("type", "string");
                json.member("value", &value(crossing));
            });
        }
    }

    /// A deployment of another template into its scope.
    fn nested(self, key: UnitKey, unit: &Unit, json: &mut Writer) {
        let deployment = self.deployment;
        json.member("type", "Microsoft.Resources/deployments");
        let version = facts::of("Microsoft.Resources/deployments").map(|facts| facts.api_version);
        json.member("apiVersion", version.unwrap_or(DEPLOYMENTS_VERSION));
        json.member("name", &unit.name);
        self.nested_scope(unit.scope, json);
        json.name("properties");
        json.object(|json| {
            json.name("expressionEvaluationOptions");
            json.object(|json| json.member("scope", "inner"));
            json.member("mode", "Incremental");
            if !unit.inputs.is_empty() || !unit.parameters.is_empty() {
                json.name("parameters");
                json.object(|json| self.hand_in(unit, json));
            }
            json.name("template");
            let inner = Expressions {
                deployment,
                unit: key,
            };
            json.object(|json| inner.template(json));
        });
        let resources = unit
            .after_resources
            .iter()
            .map(|&key| deployment.name_of(Target::Resource(key)));
        let units = unit.after.iter().map(|&key| deployment.unit(key).name.as_str());
        let waits: Vec<_> = resources.chain(units).collect();
        if !waits.is_empty() {
            json.name("dependsOn");
            json.array(|json| waits.iter().for_each(|wait| json.string(wait)));
        }
    }

    fn nested_scope(self, scope: Scope, json: &mut Writer) {
        let deployment = self.deployment;
        let root = deployment.root().scope;
        let named = |target: Target| self.joined(&deployment.scope_name(target));
        let subscription = deployment.subscription(scope);
        if let Some(key) = subscription
            && deployment.subscription(root) != Some(key)
        {
            let guid = deployment.name(UnitKey::ROOT, Target::External(key));
            json.member("subscriptionId", &self.joined(&guid));
        }
        match scope {
            Scope::ResourceGroup(target) => {
                json.member("resourceGroup", &named(target));
                return;
            }
            Scope::ManagementGroup(target) => {
                let name = self.expression(&deployment.scope_name(target));
                json.member(
                    "scope",
                    &format!("[concat('Microsoft.Management/managementGroups/', {name})]"),
                );
            }
            Scope::Tenant if root != Scope::Tenant => json.member("scope", "/"),
            Scope::Tenant | Scope::Subscription(_) => {}
        }
        // A deployment into a group is kept in the group; any other needs a place to be kept in.
        json.member("location", "[deployment().location]");
    }

    fn hand_in(self, unit: &Unit, json: &mut Writer) {
        let deployment = self.deployment;
        let value = |crossing: &Crossing| self.joined(&deployment.made(UnitKey::ROOT, crossing));
        if unit.grouped_inputs() {
            json.name(&deployment.bundle);
            json.object(|json| {
                json.name("value");
                json.object(|json| {
                    for crossing in &unit.inputs {
                        json.member(deployment.crossing(crossing), &value(crossing));
                    }
                });
            });
        } else {
            for crossing in &unit.inputs {
                json.name(deployment.crossing(crossing));
                json.object(|json| json.member("value", &value(crossing)));
            }
        }
        let mut pass_on = |name: &str| {
            json.name(name);
            json.object(|json| json.member("value", &format!("[parameters('{name}')]")));
        };
        if deployment.grouped_parameters {
            if !unit.parameters.is_empty() {
                pass_on(&deployment.settings);
            }
        } else {
            unit.parameters
                .iter()
                .for_each(|&key| pass_on(deployment.parameter_name(key)));
        }
    }
}

fn declaration(name: &str, kind: &str, description: &str, default: Option<&str>, json: &mut Writer) {
    json.name(name);
    json.object(|json| {
        json.member("type", kind);
        if let Some(default) = default {
            json.member("defaultValue", &literal(default));
        }
        json.name("metadata");
        json.object(|json| json.member("description", &literal(description)));
    });
}

const fn schema(scope: Scope) -> &'static str {
    match scope {
        Scope::Tenant => {
            "https://schema.management.azure.com/schemas/2019-08-01/tenantDeploymentTemplate.json#"
        }
        Scope::ManagementGroup(_) => {
            "https://schema.management.azure.com/schemas/2019-08-01/managementGroupDeploymentTemplate.json#"
        }
        Scope::Subscription(_) => {
            "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
        }
        Scope::ResourceGroup(_) => {
            "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
        }
    }
}
