//! A plan as Bicep: `main.bicep` with a module for each resource group or other scope, and `main.bicepparam`.
//!
//! References between resources are symbols; between modules they go through outputs and parameters. What stays outside
//! is declared as `existing`. Nothing that came from Azure is ever written but as the content of a string.

mod expression;
mod parameters;
mod resource;
mod template;
pub(crate) mod text;

use atg_sdk::Result;

use crate::{
    deployment::{Deployment, UnitKey},
    plan::Plan,
    writer::{Files, Written},
};

/// Writes the files.
///
/// # Errors
/// What `files` answers.
pub fn write(plan: &Plan, files: &mut dyn Files) -> Result<Written> {
    let deployment = Deployment::of(plan);
    files.file("main.bicep", template::template(&deployment, UnitKey::ROOT))?;
    for (key, unit) in deployment.modules() {
        let path = format!("modules/{}.bicep", unit.file);
        files.file(&path, template::template(&deployment, key))?;
    }
    files.file("main.bicepparam", parameters::file(&deployment))?;
    Ok(deployment.written("resource"))
}
