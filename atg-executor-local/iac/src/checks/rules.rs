//! What Azure insists on in a template, whatever it holds.

use std::collections::BTreeSet;

use atg_json::Json;

use super::{member, text};

/// Fails where a template or its parameter file breaks a rule.
pub(super) fn check(template: &str, parameters: &str) {
    let json = Json::parse(template.as_bytes()).unwrap();
    members(
        &json,
        &[
            "$schema",
            "languageVersion",
            "contentVersion",
            "parameters",
            "resources",
            "outputs",
        ],
    );
    check_template(&json);
    let json = Json::parse(parameters.as_bytes()).unwrap();
    members(&json, &["$schema", "contentVersion", "parameters"]);
    assert!(text(&json, "$schema").ends_with("/deploymentParameters.json#"));
}

fn members(json: &Json, known: &[&str]) {
    for (name, _) in json.as_object().unwrap() {
        assert!(known.contains(&name.as_str()), "`{name}` is not known here");
    }
}

fn check_template(json: &Json) {
    let schema = text(json, "$schema");
    assert!(
        [
            "/2019-04-01/deploymentTemplate.json#",
            "/2018-05-01/subscriptionDeploymentTemplate.json#",
            "/2019-08-01/managementGroupDeploymentTemplate.json#",
            "/2019-08-01/tenantDeploymentTemplate.json#",
        ]
        .iter()
        .any(|end| schema.ends_with(end)),
        "{schema}"
    );
    let in_group = schema.contains("/deploymentTemplate.json");
    assert_eq!(text(json, "languageVersion"), "2.0");
    assert_eq!(text(json, "contentVersion"), "1.0.0.0");
    let empty = Json::Object(Vec::new());
    let of = |name: &str| json.get(name).unwrap_or(&empty).as_object().unwrap();
    let (parameters, resources, outputs) = (
        of("parameters"),
        member(json, "resources").as_object().unwrap(),
        of("outputs"),
    );
    assert!(parameters.len() <= 256, "{} parameters", parameters.len());
    assert!(resources.len() <= 800, "{} resources", resources.len());
    assert!(outputs.len() <= 64, "{} outputs", outputs.len());
    // Names of parameters and outputs disregard case.
    for list in [parameters, outputs] {
        let names: BTreeSet<_> = list.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        assert_eq!(names.len(), list.len());
    }
    for (name, parameter) in parameters {
        members(parameter, &["type", "defaultValue", "metadata"]);
        assert!(
            ["string", "securestring", "object", "secureObject"].contains(&text(parameter, "type")),
            "{name}"
        );
        if text(parameter, "type").starts_with("secure") {
            assert_eq!(
                parameter.get("defaultValue"),
                None,
                "{name} is a secret with a default"
            );
        }
    }
    for (name, output) in outputs {
        members(output, &["type", "value"]);
        assert!(["string", "object"].contains(&text(output, "type")), "{name}");
    }
    for (symbol, resource) in resources {
        check_resource(symbol, resource, resources, in_group);
    }
    strings(json, &mut |text| {
        assert!(text.len() <= 131_072, "a string of {} characters", text.len());
        let is_expression = text.starts_with('[') && text.ends_with(']') && !text.starts_with("[[");
        assert!(
            !is_expression || text.len() <= 24_576,
            "an expression of {} characters",
            text.len()
        );
    });
}

fn check_resource(symbol: &str, resource: &Json, all: &[(String, Json)], in_group: bool) {
    assert!(symbol.starts_with(|c: char| c.is_ascii_alphabetic()), "{symbol}");
    assert!(
        symbol.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
        "{symbol}"
    );
    for name in ["type", "apiVersion", "name"] {
        assert!(!text(resource, name).is_empty(), "{symbol} has no {name}");
    }
    let version = text(resource, "apiVersion");
    assert!(
        version.len() >= 10
            && version.as_bytes()[..10]
                .iter()
                .all(|b| b.is_ascii_digit() || *b == b'-'),
        "{version}"
    );
    for name in ["id", "resources", "copy", "condition", "comments"] {
        assert_eq!(resource.get(name), None, "{symbol}");
    }
    for wait in resource
        .get("dependsOn")
        .map_or(&[][..], |list| list.as_array().unwrap())
    {
        let wait = wait.as_str().unwrap();
        assert!(
            wait != symbol && all.iter().any(|(name, _)| name == wait),
            "{symbol} waits for {wait}"
        );
    }
    let resource_type = text(resource, "type");
    if resource_type != "Microsoft.Resources/deployments" {
        // A child's name has a segment for each of its type.
        let name = text(resource, "name");
        if !name.starts_with('[') {
            assert_eq!(
                name.split('/').count(),
                resource_type.split('/').count() - 1,
                "{symbol}: {resource_type} {name}"
            );
        }
        return;
    }
    members(
        resource,
        &[
            "type",
            "apiVersion",
            "name",
            "subscriptionId",
            "resourceGroup",
            "scope",
            "location",
            "properties",
            "dependsOn",
        ],
    );
    assert!(text(resource, "name").len() <= 64);
    assert!(!in_group, "a nested template has nested templates");
    let properties = member(resource, "properties");
    members(
        properties,
        &["expressionEvaluationOptions", "mode", "parameters", "template"],
    );
    assert_eq!(text(properties, "mode"), "Incremental");
    check_template(member(properties, "template"));
}

fn strings(json: &Json, visit: &mut impl FnMut(&str)) {
    match json {
        Json::String(text) => visit(text),
        Json::Array(items) => items.iter().for_each(|item| strings(item, visit)),
        Json::Object(members) => members.iter().for_each(|(name, value)| {
            visit(name);
            strings(value, visit);
        }),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
