//! What a writer takes and gives.

use atg_sdk::Result;

use crate::plan::ResourceKey;

/// How the files are cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Layout {
    /// All resources in one file.
    #[default]
    Single,
    /// A file for each resource group.
    PerResourceGroup,
    /// A module for each resource group.
    Modules,
}

/// Takes finished files.
pub trait Files {
    /// One file. `path` is relative, with `/` between its parts, each of which is made of letters, digits, `.`, `_` and
    /// `-` and does not begin with a dot; no two paths are equal, even without regard to case.
    ///
    /// # Errors
    /// What the place where files go to answers; the writer stops then.
    fn file(&mut self, path: &str, content: String) -> Result<()>;
}

/// What a writer did with a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// How each resource was written, in the plan's order: the type of the block, for example `azurerm_subnet` or
    /// `azapi_resource`. Empty where it was not.
    pub blocks: Vec<&'static str>,
    /// What the language cannot say. Whatever refers to one of these, the writer writes as a literal.
    pub omitted: Vec<Omission>,
    /// What is worth knowing of how some resources are written, in the plan's order, in words that fit after the
    /// resource's ID: why not with the block that one would expect, what of it is left as it is.
    pub remarks: Vec<(ResourceKey, String)>,
    /// For the person who applies the files: what has to be done by hand.
    pub notes: Vec<String>,
}

/// A resource that is in the plan and not in the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Omission {
    /// Which one.
    pub resource: ResourceKey,
    /// Why, in words that fit after "is not written: ".
    pub reason: String,
}
