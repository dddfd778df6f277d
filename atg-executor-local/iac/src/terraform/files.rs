//! The files around the resources.

use std::collections::BTreeSet;

use atg_sdk::Result;

use super::{
    hcl::{Body, Expression},
    providers::Providers,
    reference::{Here, Need, Needs, Scene},
    room::{ROOT, is_group},
    value::{gather_text, holds_secret},
};
use crate::{
    plan::{Attribute, Origin, Parameter, ParameterKey, ParameterType, Plan, Target},
    writer::{Files, Layout},
};

pub(super) fn write(
    scene: &Scene<'_>,
    providers: &Providers,
    needs: &mut Needs,
    mut texts: Vec<String>,
    imports: String,
    files: &mut dyn Files,
) -> Result<()> {
    let mut here = Here {
        scene,
        room: ROOT,
        needs,
    };
    let outputs = outputs(&mut here);
    let settings = providers.providers(&mut here);
    let versions = providers.versions().to_text();
    let ephemeral = ephemeral(scene.plan);

    files.file("versions.tf", versions.clone())?;
    files.file("providers.tf", settings.to_text())?;
    files.file("variables.tf", variables(scene.plan, &ephemeral).to_text())?;
    match scene.layout {
        Layout::Modules => {
            let calls = calls(scene, providers, needs);
            if !calls.is_empty() {
                if !texts[ROOT].is_empty() {
                    texts[ROOT].push('\n');
                }
                calls.write_to(&mut texts[ROOT]);
            }
            for room in (1..texts.len()).rev() {
                let directory = format!("modules/{}", scene.rooms.rooms[room].name);
                files.file(&format!("{directory}/versions.tf"), versions.clone())?;
                files.file(
                    &format!("{directory}/variables.tf"),
                    inputs(scene.plan, &needs.inputs[room], &ephemeral).to_text(),
                )?;
                files.file(
                    &format!("{directory}/outputs.tf"),
                    results(&needs.outputs[room]).to_text(),
                )?;
                files.file(&format!("{directory}/main.tf"), texts.pop().unwrap_or_default())?;
            }
        }
        Layout::PerResourceGroup => {
            for room in (1..texts.len()).rev() {
                let name = &scene.rooms.rooms[room].name;
                files.file(&format!("{name}.tf"), texts.pop().unwrap_or_default())?;
            }
        }
        Layout::Single => {}
    }
    files.file("main.tf", texts.pop().unwrap_or_default())?;
    files.file("imports.tf", imports)?;
    files.file("outputs.tf", outputs.to_text())?;
    files.file("terraform.tfvars.example", example(scene.plan))
}

/// The variables of the root.
fn variables(plan: &Plan, ephemeral: &BTreeSet<ParameterKey>) -> Body {
    let mut out = Body::new();
    for (key, parameter) in (0..).map(ParameterKey).zip(&plan.parameters) {
        let mut body = Body::new();
        body.attribute("description", parameter.description.as_str())
            .attribute("type", kind(parameter));
        if parameter.is_secret() {
            // Without a value nothing is sent, and what Azure has stays.
            body.attribute("default", Expression::Null);
        } else if let Some(default) = &parameter.default {
            body.attribute("default", default);
        }
        secrecy(parameter, ephemeral.contains(&key), &mut body);
        out.block("variable", [parameter.symbol.as_str()], body);
    }
    out
}

fn kind(parameter: &Parameter) -> Expression {
    Expression::reference(
        match parameter.kind {
            ParameterType::Text => "string",
            ParameterType::Any => "any",
        },
        [],
    )
}

fn secrecy(parameter: &Parameter, ephemeral: bool, out: &mut Body) {
    if parameter.is_secret() {
        out.attribute("sensitive", true);
        if ephemeral {
            out.attribute("ephemeral", true);
        }
    }
}

/// The secrets that only stand where a value is sent and never kept: those need not be kept anywhere else either.
fn ephemeral(plan: &Plan) -> BTreeSet<ParameterKey> {
    let mut out: BTreeSet<ParameterKey> = (0..)
        .map(ParameterKey)
        .zip(&plan.parameters)
        .filter(|(_, parameter)| parameter.is_secret())
        .map(|(key, _)| key)
        .collect();
    for resource in &plan.resources {
        let mut elsewhere = |text| {
            gather_text(text, &mut |key| {
                out.remove(&key);
            });
        };
        elsewhere(&resource.name);
        resource.location.iter().for_each(&mut elsewhere);
        for (name, value) in resource.tags.iter().flatten() {
            elsewhere(name);
            elsewhere(value);
        }
        if resource.resource_type().is_none() {
            for member in resource
                .body
                .iter()
                .filter(|member| holds_secret(plan, &member.value))
            {
                for key in super::value::secrets(plan, &member.value) {
                    out.remove(&key);
                }
            }
        }
    }
    out
}

/// The IDs of the resource groups, by their names: what one looks for first.
fn outputs(here: &mut Here<'_, '_>) -> Body {
    let plan = here.plan();
    let mut groups = Vec::new();
    for (key, resource) in plan.keyed() {
        if is_group(resource)
            && let Some(id) = here.attribute(Target::Resource(key), &Attribute::Id)
        {
            groups.push((resource.symbol.as_str(), id));
        }
    }
    let mut out = Body::new();
    if !groups.is_empty() {
        let mut body = Body::new();
        body.attribute("description", "IDs of the resource groups")
            .attribute("value", Expression::object(groups));
        out.block("output", ["resource_group_ids"], body);
    }
    out
}

/// The modules, with what each is given.
fn calls(scene: &Scene<'_>, providers: &Providers, needs: &Needs) -> Body {
    let mut out = Body::new();
    for (room, known) in scene.rooms.rooms.iter().enumerate().skip(1) {
        let mut body = Body::new();
        body.attribute("source", format!("./modules/{}", known.name));
        if let Some(own) = providers.of_module(scene, room) {
            body.attribute("providers", own);
        }
        if !needs.inputs[room].is_empty() {
            body.blank();
        }
        for (name, _, given) in &needs.inputs[room] {
            body.attribute(name.as_str(), given.clone());
        }
        out.block("module", [known.name.as_str()], body);
    }
    out
}

/// The variables of a module.
fn inputs(plan: &Plan, inputs: &[(String, Need, Expression)], ephemeral: &BTreeSet<ParameterKey>) -> Body {
    let mut out = Body::new();
    for (name, need, _) in inputs {
        let mut body = Body::new();
        match need {
            Need::Parameter(key) => {
                let parameter = plan.parameter(*key);
                body.attribute("description", parameter.description.as_str())
                    .attribute("type", kind(parameter));
                secrecy(parameter, ephemeral.contains(key), &mut body);
            }
            Need::Attribute(key, _) => {
                body.attribute("description", format!("Of {}", plan.resource(*key).id))
                    .attribute("type", Expression::reference("string", []));
            }
        }
        out.block("variable", [name.as_str()], body);
    }
    out
}

/// The outputs of a module.
fn results(outputs: &[(String, Expression)]) -> Body {
    let mut out = Body::new();
    for (name, value) in outputs {
        let mut body = Body::new();
        body.attribute("value", value.clone());
        out.block("output", [name.as_str()], body);
    }
    out
}

/// A file to copy and fill in: what must be given, what is secret, what may be changed.
fn example(plan: &Plan) -> String {
    let mut out = Body::new();
    out.comment("Copy this file to terraform.tfvars and fill it in.");
    let mut section = |title: &str, wanted: &dyn Fn(&Parameter) -> bool, commented: bool| {
        let mut parameters = plan
            .parameters
            .iter()
            .filter(|parameter| wanted(parameter))
            .peekable();
        if parameters.peek().is_none() {
            return;
        }
        out.items.push(super::hcl::Item::Blank);
        out.comment(title);
        for parameter in parameters {
            out.items.push(super::hcl::Item::Blank);
            out.comment(parameter.description.as_str());
            if let Origin::Redacted { path, .. } | Origin::WriteOnly { path, .. } = &parameter.origin {
                out.comment(format!("Stands at {path}."));
            }
            let value = parameter
                .default
                .as_ref()
                .map_or_else(|| Expression::Text(String::new()), Expression::from);
            let mut line = Body::new();
            line.attribute(parameter.symbol.as_str(), value);
            if commented {
                for line in line.to_text().lines() {
                    out.comment(line);
                }
            } else {
                out.items.extend(line.items);
            }
        }
    };
    section(
        "These have to be given.",
        &|parameter| !parameter.is_secret() && parameter.default.is_none(),
        false,
    );
    section(
        "Secrets. A resource's secrets are sent to Azure once all of them are given; until then what it has stays.",
        &Parameter::is_secret,
        true,
    );
    section(
        "These are as they were read.",
        &|parameter| !parameter.is_secret() && parameter.default.is_some(),
        true,
    );
    out.to_text()
}
