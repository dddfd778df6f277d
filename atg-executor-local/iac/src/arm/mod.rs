//! A plan as an Azure Resource Manager template: `azuredeploy.json` (language version 2.0) with a nested deployment for
//! each resource group or other scope, and `azuredeploy.parameters.json`.
//!
//! The units and what travels between them are those of Bicep, so what is said here about modules holds there too. A
//! reference is the function that makes the other's ID of its name, or asks the other for what only Azure knows, and stands
//! in `dependsOn` besides.

mod expression;
mod json;
mod resource;
mod template;

use atg_sdk::Result;

use crate::{
    deployment::Deployment,
    plan::Plan,
    writer::{Files, Written},
};

/// The largest template that Azure takes, in bytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Writes the files.
///
/// # Errors
/// What `files` answers.
pub fn write(plan: &Plan, files: &mut dyn Files) -> Result<Written> {
    let deployment = Deployment::of(plan);
    let mut written = deployment.written("resource");
    let template = template::root(&deployment);
    if template.len() > MAX_BYTES {
        written.notes.push(format!(
            "Azure takes templates of {} MiB; azuredeploy.json has {:.1}: write parts of the tenant with --subset, or \
             use Terraform",
            MAX_BYTES / 1024 / 1024,
            template.len() as f64 / 1024.0 / 1024.0
        ));
    }
    files.file("azuredeploy.json", template)?;
    files.file("azuredeploy.parameters.json", template::parameters(&deployment))?;
    Ok(written)
}
