//! Names of roles that people have made: an assignment tells only the GUID of its role's definition, which is read
//! somewhere else in the same scan.

use std::collections::HashMap;

use crate::graph::{Described, Value};

/// So many assignments wait for their definitions. Those beyond go on with the GUID, as those do whose definition the scan
/// does not hold.
const WAITING: usize = 100_000;

/// Lends assignments the names of their roles.
#[derive(Debug, Default)]
pub(super) struct RoleNames {
    /// By GUID, lower-cased.
    names: HashMap<String, String>,
    waiting: Vec<Described>,
}

impl RoleNames {
    /// What can go on now. Assignments whose role is not known yet are kept back.
    pub(super) fn pass(&mut self, described: Vec<Described>) -> Vec<Described> {
        for own in &described {
            self.learn(own);
        }
        let mut passed = Vec::with_capacity(described.len());
        for mut own in described {
            if self.name(&mut own) || self.waiting.len() >= WAITING {
                passed.push(own);
            } else {
                self.waiting.push(own);
            }
        }
        passed
    }

    /// What was kept back, when everything was read.
    pub(super) fn release(&mut self) -> Vec<Described> {
        let mut waiting = std::mem::take(&mut self.waiting);
        for own in &mut waiting {
            self.name(own);
        }
        waiting
    }

    fn learn(&mut self, own: &Described) {
        let is_definition = own
            .node
            .resource_type
            .as_deref()
            .is_some_and(|own| own.eq_ignore_ascii_case("Microsoft.Authorization/roleDefinitions"));
        if !is_definition {
            return;
        }
        let name = own.node.scalars.iter().find(|(path, _)| path == "roleName");
        if let Some((_, Value::String(name))) = name {
            self.names.insert(guid_of(&own.node.id), name.clone());
        }
    }

    /// Puts the name in the place of the GUID; whether no GUID is left.
    fn name(&self, own: &mut Described) -> bool {
        let mut done = true;
        let roles = own
            .references
            .iter_mut()
            .filter(|reference| reference.relationship == "HAS_ROLE");
        for reference in roles {
            let text = |name: &str| {
                let found = reference.properties.iter().find(|(own, _)| own == name);
                match found {
                    Some((_, Value::String(text))) => Some(text.clone()),
                    _ => None,
                }
            };
            let (Some(role), Some(definition)) = (text("role"), text("role_definition_id")) else {
                continue;
            };
            let guid = guid_of(&definition);
            if !role.eq_ignore_ascii_case(&guid) {
                continue;
            }
            match self.names.get(&guid) {
                Some(name) => {
                    for (own, value) in &mut reference.properties {
                        if own == "role" {
                            *value = Value::String(name.clone());
                        }
                    }
                }
                None => done = false,
            }
        }
        done
    }
}

/// What an ID ends with, in small letters.
fn guid_of(id: &str) -> String {
    id.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{describe::Describer, graph::Source, json::Json};

    const SCOPE: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";
    const DEFINITIONS: &str = "/providers/Microsoft.Authorization/roleDefinitions";
    const CUSTOM: &str = "aaaaaaaa-0000-4000-8000-000000000001";

    fn described(text: &str) -> Described {
        let tenant = "00000000-0000-0000-0000-0000000000aa".parse().unwrap();
        let describer = Describer::new(tenant, Source::Recorded);
        let object = Json::parse(text.as_bytes()).unwrap();
        describer.describe(object).unwrap().described
    }

    fn definition(name: &str) -> Described {
        described(&format!(
            r#"{{"id":"{SCOPE}{DEFINITIONS}/{CUSTOM}","type":"Microsoft.Authorization/roleDefinitions","properties":{{"roleName":"{name}"}}}}"#
        ))
    }

    fn assignment(role: &str) -> Described {
        described(&format!(
            r#"{{"id":"{SCOPE}/providers/Microsoft.Authorization/roleAssignments/a","type":"Microsoft.Authorization/roleAssignments",
                "properties":{{"principalId":"11111111-1111-1111-1111-111111111111","scope":"{SCOPE}",
                "roleDefinitionId":"{SCOPE}{DEFINITIONS}/{role}"}}}}"#
        ))
    }

    fn roles(described: &[Described]) -> Vec<String> {
        let references = described.iter().flat_map(|own| &own.references);
        let roles = references.flat_map(|reference| &reference.properties);
        roles
            .filter(|(name, _)| name == "role")
            .map(|(_, value)| match value {
                Value::String(role) => role.clone(),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn an_assignment_waits_for_its_definition_and_others_do_not() {
        let mut names = RoleNames::default();
        let reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
        let passed = names.pass(vec![assignment(&CUSTOM.to_uppercase()), assignment(reader)]);
        assert_eq!(roles(&passed), ["Reader"]);
        assert_eq!(names.pass(vec![definition("Night watch")]).len(), 1);
        assert_eq!(roles(&names.pass(vec![assignment(CUSTOM)])), ["Night watch"]);
        assert_eq!(roles(&names.release()), ["Night watch"]);
        assert!(names.release().is_empty());
    }

    #[test]
    fn without_a_definition_the_guid_stays() {
        let mut names = RoleNames::default();
        assert!(names.pass(vec![assignment(CUSTOM)]).is_empty());
        assert_eq!(roles(&names.release()), [CUSTOM]);
    }
}
