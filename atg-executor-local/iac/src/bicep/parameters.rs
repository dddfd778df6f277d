//! Parameters, and the file that gives them.

use super::{
    template::declared_type,
    text::{comment, string},
};
use crate::{
    deployment::{Deployment, UnitKey},
    plan::{Parameter, ParameterType},
};

/// What a template takes of the plan's parameters. Defaults stand in the root, and from there go to the modules.
pub(super) fn declare(deployment: &Deployment<'_>, unit: UnitKey, out: &mut String) {
    let used = &deployment.unit(unit).parameters;
    if deployment.grouped_parameters {
        if !used.is_empty() {
            out.push_str("@description('Values for this tenant, by name.')\n@secure()\n");
            out.push_str(&format!("param {} object\n", deployment.settings));
        }
        return;
    }
    for &key in used {
        let parameter = deployment.plan.parameter(key);
        out.push_str(&format!("@description({})\n", string(&description(parameter))));
        if parameter.is_secret() {
            out.push_str("@secure()\n");
        }
        out.push_str(&format!(
            "param {} {}",
            deployment.parameter_name(key),
            declared_type(parameter.kind)
        ));
        if unit == UnitKey::ROOT
            && let Some(default) = default(parameter)
        {
            out.push_str(&format!(" = {default}"));
        }
        out.push('\n');
    }
}

fn description(parameter: &Parameter) -> String {
    match parameter.kind {
        ParameterType::Text => parameter.description.clone(),
        ParameterType::Any => format!("{} (JSON)", parameter.description),
    }
}

fn default(parameter: &Parameter) -> Option<String> {
    let default = parameter.default.as_ref()?;
    Some(match (parameter.kind, default.as_str()) {
        (ParameterType::Text, Some(text)) => string(text),
        _ => string(&default.to_string()),
    })
}

/// `main.bicepparam`: what has a default is there to be changed, the rest is read from the environment.
pub(super) fn file(deployment: &Deployment<'_>) -> String {
    let mut out = String::from("using './main.bicep'\n");
    let used = &deployment.root().parameters;
    if deployment.grouped_parameters {
        out.push_str(&format!("\nparam {} = {{\n", deployment.settings));
    }
    for &key in used {
        let parameter = deployment.plan.parameter(key);
        let name = deployment.parameter_name(key);
        let value = default(parameter)
            .unwrap_or_else(|| format!("readEnvironmentVariable('{}')", name.to_ascii_uppercase()));
        let note = comment(&description(parameter));
        if deployment.grouped_parameters {
            out.push_str(&format!("  {note}\n  {name}: {value}\n"));
        } else {
            out.push_str(&format!("\n{note}\nparam {name} = {value}\n"));
        }
    }
    if deployment.grouped_parameters {
        out.push_str("}\n");
    }
    out
}
