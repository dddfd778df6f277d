//! The names that an expression sees.

use super::types::Type;
use crate::cypher::{Refusal, ast::Name};

#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) slot: usize,
    pub(super) kind: Type,
}

/// Names in the order of their names, as `RETURN *` lists them.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    variables: Vec<Variable>,
}

impl Scope {
    pub(super) fn find(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.name == name)
    }

    /// Adds a new name.
    pub(super) fn declare(&mut self, name: &Name, slot: usize, kind: Type) -> Result<(), Refusal> {
        if self.find(&name.text).is_some() {
            return Err(Refusal::invalid(
                name.span,
                format!("the variable {} is already there", name.text),
            ));
        }
        self.set(&name.text, slot, kind);
        Ok(())
    }

    /// Adds a name, or gives it another meaning.
    pub(super) fn set(&mut self, name: &str, slot: usize, kind: Type) {
        self.variables.retain(|other| other.name != name);
        let at = self.variables.partition_point(|other| *other.name < *name);
        self.variables.insert(
            at,
            Variable {
                name: name.to_owned(),
                slot,
                kind,
            },
        );
    }

    /// With one more name, for the inside of a comprehension.
    pub(super) fn with(&self, name: &str, slot: usize, kind: Type) -> Self {
        let mut scope = self.clone();
        scope.set(name, slot, kind);
        scope
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Variable> {
        self.variables.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.variables.is_empty()
    }

    pub(super) fn owns_slot(&self, slot: usize) -> bool {
        self.variables.iter().any(|variable| variable.slot == slot)
    }
}
