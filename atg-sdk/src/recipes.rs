//! Questions that people ask of a tenant, as queries that are ready to run.
//!
//! A recipe is a file in `recipes/`: what it answers in its first line, `// $name: meaning` or `// $name = default: meaning`
//! for each parameter, then read-only Cypher that every graph store answers. To add one, write a file and name it in `FILES`.
//!
//! ```
//! let recipe = atg_sdk::recipes::find("who-can-read-vault")?;
//! let given = serde_json::Map::from_iter([("vault".to_owned(), "kv-prod".into())]);
//! let values = recipe.values(given)?;
//! assert_eq!(values["action"], "Microsoft.KeyVault/vaults/secrets/getSecret/action");
//! # Ok::<(), atg_sdk::Error>(())
//! ```

use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::{Error, Result};

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("recipes/", $name, ".cypher")))),*]
    };
}

/// Every recipe by its name, in the order in which they are listed.
const FILES: [(&str, &str); 8] = files![
    "who-can-read-vault",
    "what-can-identity-do",
    "blast-radius",
    "attack-paths",
    "exposed-to-internet",
    "what-depends-on",
    "unprotected",
    "orphans",
];

/// A query that is ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// What it is called: `who-can-read-vault`.
    pub name: &'static str,
    /// What it answers, one sentence or a few.
    pub answers: &'static str,
    /// What it asks for.
    pub parameters: Vec<Parameter>,
    /// Read-only Cypher.
    pub query: &'static str,
}

/// A parameter of a recipe.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name, without `$`.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What counts where nothing is given; a parameter without one has to be given.
    pub default: Option<Value>,
}

/// All recipes.
#[must_use]
pub fn all() -> &'static [Recipe] {
    // A file that cannot be read is no recipe; a test reads every one.
    static ALL: LazyLock<Vec<Recipe>> =
        LazyLock::new(|| FILES.iter().filter_map(|(name, text)| read(name, text)).collect());
    &ALL
}

/// The recipe of that name.
///
/// # Errors
/// `NotFound` with the names that there are.
pub fn find(name: &str) -> Result<&'static Recipe> {
    all().iter().find(|recipe| recipe.name == name).ok_or_else(|| {
        let names: Vec<_> = all().iter().map(|recipe| recipe.name).collect();
        Error::not_found(format!(
            "find the recipe `{}`: there are {}",
            name.escape_debug(),
            names.join(", ")
        ))
    })
}

impl Recipe {
    /// The values of all parameters: what was given, and defaults for the rest.
    ///
    /// # Errors
    /// `InvalidArgument` for a parameter that is missing, or that the recipe does not have.
    pub fn values(&self, given: Map<String, Value>) -> Result<Map<String, Value>> {
        if let Some(name) = given
            .keys()
            .find(|name| !self.parameters.iter().any(|known| known.name == name.as_str()))
        {
            return Err(Error::invalid(format!(
                "run {}: it has no parameter `{}`; {}",
                self.name,
                name.escape_debug(),
                self.asks_for()
            )));
        }
        let mut values = given;
        for parameter in &self.parameters {
            if values.contains_key(parameter.name) {
                continue;
            }
            let Some(default) = &parameter.default else {
                return Err(Error::invalid(format!(
                    "run {} without `{}`; {}",
                    self.name,
                    parameter.name,
                    self.asks_for()
                )));
            };
            values.insert(parameter.name.to_owned(), default.clone());
        }
        Ok(values)
    }

    fn asks_for(&self) -> String {
        if self.parameters.is_empty() {
            return "it asks for nothing".to_owned();
        }
        let all: Vec<_> = self
            .parameters
            .iter()
            .map(|parameter| format!("{} ({})", parameter.name, parameter.meaning))
            .collect();
        format!("it asks for {}", all.join(", "))
    }
}

fn read(name: &'static str, text: &'static str) -> Option<Recipe> {
    let mut lines = text.split_inclusive('\n');
    let answers = lines.next()?.strip_prefix("// ")?.trim();
    let mut at = text.find('\n')? + 1;
    let mut parameters = Vec::new();
    for line in lines {
        let Some(words) = line.strip_prefix("// $") else {
            break;
        };
        at += line.len();
        let (head, meaning) = words.trim().split_once(": ")?;
        let (name, default) = match head.split_once(" = ") {
            Some((name, default)) => (name, Some(serde_json::from_str(default).ok()?)),
            None => (head, None),
        };
        parameters.push(Parameter {
            name,
            meaning,
            default,
        });
    }
    Some(Recipe {
        name,
        answers,
        parameters,
        query: text.get(at..)?.trim(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_file_is_a_recipe_and_says_what_it_asks_for() {
        assert_eq!(all().len(), FILES.len());
        for recipe in all() {
            assert!(
                !recipe.answers.is_empty() && !recipe.query.starts_with("//"),
                "{}",
                recipe.name
            );
            for parameter in &recipe.parameters {
                let used = format!("${}", parameter.name);
                assert!(
                    recipe.query.contains(&used),
                    "{} does not use {used}",
                    recipe.name
                );
            }
            for used in recipe.query.split('$').skip(1) {
                let name: String = used
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                assert!(
                    recipe.parameters.iter().any(|known| known.name == name),
                    "{} uses ${name} and does not say so",
                    recipe.name
                );
            }
        }
        let mut files: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/recipes"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut named: Vec<_> = FILES.iter().map(|(name, _)| format!("{name}.cypher")).collect();
        files.sort();
        named.sort();
        assert_eq!(files, named, "a file that `FILES` does not name is never run");
    }

    #[test]
    fn what_is_not_given_has_its_default_or_is_asked_for() {
        let recipe = find("who-can-read-vault").unwrap();
        let given = |name: &str| Map::from_iter([(name.to_owned(), json!("x"))]);
        assert_eq!(recipe.values(given("vault")).unwrap()["vault"], "x");
        let error = recipe.values(Map::new()).unwrap_err();
        assert!(
            error.message().contains("vault (the vault's name or ID)"),
            "{error}"
        );
        let error = recipe.values(given("volt")).unwrap_err();
        assert!(error.message().contains("no parameter `volt`"), "{error}");
        let error = find("who-can").unwrap_err();
        assert!(error.message().contains("blast-radius"), "{error}");
    }
}
