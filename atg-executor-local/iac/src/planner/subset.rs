//! Which part of a tenant is wanted: `types=Microsoft.Storage/*;resourceGroups=a,b;tagSelector=env:prod;depth=2`.
//!
//! Clauses are separated by `;` and must all hold; of a clause's values, separated by `,`, one must match (of
//! `tagSelector` each). `*` is any text, case does not matter, and a backslash takes the letter after it as it is.
//! `depth` says how far references are followed from what matches; without it all the way, with 0 not at all.

use atg_sdk::{Error, Result};

use super::glob::Glob;

/// A subset. The default one is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subset {
    types: Vec<Glob>,
    resource_groups: Vec<Glob>,
    subscriptions: Vec<Glob>,
    locations: Vec<Glob>,
    names: Vec<Glob>,
    ids: Vec<Glob>,
    tags: Vec<(Glob, Option<Glob>)>,
    depth: Option<u32>,
}

/// What a subset may ask of one object. Texts are in small letters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facets<'a> {
    pub(crate) id: &'a str,
    pub(crate) resource_type: &'a str,
    pub(crate) name: &'a str,
    pub(crate) location: &'a str,
    pub(crate) tags: &'a [(String, String)],
}

/// The names of clauses.
const CLAUSES: &str = "types, resourceGroups, subscriptions, locations, names, ids, tagSelector and depth";

impl Subset {
    /// Reads the text of a subset.
    ///
    /// # Errors
    /// `InvalidArgument`, saying which clause is wrong and how.
    pub fn parse(text: &str) -> Result<Self> {
        let mut out = Self::default();
        let mut seen: Vec<String> = Vec::new();
        for clause in split(text, ';')? {
            if clause.trim().is_empty() {
                continue;
            }
            let Some((name, value)) = clause.split_once('=') else {
                return Err(wrong(&clause, "it has no `=`: a clause is NAME=VALUE,VALUE"));
            };
            let name = name.trim();
            if seen.iter().any(|seen| seen.eq_ignore_ascii_case(name)) {
                return Err(wrong(
                    &clause,
                    "the clause is there twice: give all its values in one",
                ));
            }
            seen.push(name.to_owned());
            out.take(name, value).map_err(|reason| wrong(&clause, &reason))?;
        }
        Ok(out)
    }

    /// Adds what options of their own ask for, as more clauses: each list that is not empty must match as well.
    ///
    /// # Errors
    /// `InvalidArgument` where the text has that clause already.
    pub fn with(
        mut self,
        types: &[String],
        resource_groups: &[String],
        subscriptions: &[String],
    ) -> Result<Self> {
        for (own, more, name) in [
            (&mut self.types, types, "types"),
            (&mut self.resource_groups, resource_groups, "resourceGroups"),
            (&mut self.subscriptions, subscriptions, "subscriptions"),
        ] {
            if more.is_empty() {
                continue;
            }
            if !own.is_empty() {
                return Err(Error::invalid(format!(
                    "read the subset: {name} is given twice, in the subset and by an option of its own: give it once"
                )));
            }
            // An empty name would match what is in no resource group: a variable of a script that was not set.
            if more.iter().any(|text| text.trim().is_empty()) {
                return Err(Error::invalid(format!(
                    "read the subset: a value of {name} is empty"
                )));
            }
            *own = more.iter().map(|text| Glob::new(text)).collect();
        }
        Ok(self)
    }

    /// Whether it is everything.
    #[must_use]
    pub fn is_all(&self) -> bool {
        let Self { depth: _, .. } = self;
        self.types.is_empty()
            && self.resource_groups.is_empty()
            && self.subscriptions.is_empty()
            && self.locations.is_empty()
            && self.names.is_empty()
            && self.ids.is_empty()
            && self.tags.is_empty()
    }

    /// How far references are followed; all the way where `None`.
    #[must_use]
    pub const fn depth(&self) -> Option<u32> {
        self.depth
    }

    /// Whether an object is in it.
    pub(crate) fn matches(&self, object: &Facets<'_>) -> bool {
        let any =
            |globs: &[Glob], text: &str| globs.is_empty() || globs.iter().any(|glob| glob.matches(text));
        let mut segments = object.id.split('/').skip(1);
        let (subscription, group) = match (segments.next(), segments.next(), segments.next(), segments.next())
        {
            (Some("subscriptions"), Some(subscription), Some("resourcegroups"), Some(group)) => {
                (subscription, group)
            }
            (Some("subscriptions"), Some(subscription), ..) => (subscription, ""),
            _ => ("", ""),
        };
        any(&self.types, object.resource_type)
            && any(&self.resource_groups, group)
            && any(&self.subscriptions, subscription)
            && any(&self.locations, object.location)
            && any(&self.names, object.name)
            && any(&self.ids, object.id)
            && self.tags.iter().all(|(name, value)| {
                object.tags.iter().any(|(own, text)| {
                    name.matches(&own.to_lowercase())
                        && value
                            .as_ref()
                            .is_none_or(|value| value.matches(&text.to_lowercase()))
                })
            })
    }

    fn take(&mut self, name: &str, value: &str) -> std::result::Result<(), String> {
        let values = || -> std::result::Result<Vec<String>, String> {
            let values: Vec<String> = split(value, ',')
                .map_err(|error| error.message().to_owned())?
                .iter()
                .map(|text| text.trim().to_owned())
                .collect();
            if values.iter().any(String::is_empty) {
                return Err("a value is empty".to_owned());
            }
            Ok(values)
        };
        let globs = || Ok::<_, String>(values()?.iter().map(|text| Glob::new(&unescape(text))).collect());
        match name.to_ascii_lowercase().as_str() {
            "types" => self.types = globs()?,
            "resourcegroups" => self.resource_groups = globs()?,
            "subscriptions" => self.subscriptions = globs()?,
            "locations" => {
                self.locations = values()?
                    .iter()
                    .map(|text| Glob::new(&unescape(text).replace(char::is_whitespace, "")))
                    .collect();
            }
            "names" => self.names = globs()?,
            "ids" => self.ids = globs()?,
            "tagselector" => {
                for text in values()? {
                    let parts = split(&text, ':').map_err(|error| error.message().to_owned())?;
                    self.tags.push(match &parts[..] {
                        [name] => (Glob::new(&unescape(name)), None),
                        [name, value @ ..] => (
                            Glob::new(&unescape(name)),
                            Some(Glob::new(&unescape(&value.join(":")))),
                        ),
                        [] => return Err("a value is empty".to_owned()),
                    });
                }
            }
            "depth" => {
                self.depth = Some(
                    value
                        .trim()
                        .parse()
                        .map_err(|_| "a depth is a number of references, 0 or more".to_owned())?,
                );
            }
            other => {
                return Err(format!(
                    "`{}` is no clause: there are {CLAUSES}",
                    other.escape_debug()
                ));
            }
        }
        Ok(())
    }
}

/// Splits at a separator that no backslash stands before. Backslashes are kept.
fn split(text: &str, separator: char) -> Result<Vec<String>> {
    let mut out = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == separator {
            out.push(String::new());
            continue;
        }
        let Some(last) = out.last_mut() else { continue };
        last.push(letter);
        if letter == '\\' {
            let Some(next) = letters.next() else {
                return Err(Error::invalid("read the subset: it ends with a backslash"));
            };
            last.push(next);
        }
    }
    Ok(out)
}

/// Takes the letters after backslashes as they are.
fn unescape(text: &str) -> String {
    let mut letters = text.chars();
    let mut out = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        out.push(if letter == '\\' {
            letters.next().unwrap_or('\\')
        } else {
            letter
        });
    }
    out
}

fn wrong(clause: &str, reason: &str) -> Error {
    let shown: String = clause.trim().chars().take(120).collect();
    Error::invalid(format!("read the subset at `{}`: {reason}", shown.escape_debug()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const ID: &str =
        "/subscriptions/s1/resourcegroups/rg-web/providers/microsoft.storage/storageaccounts/stweb";

    #[test]
    fn an_empty_option_is_no_wish() {
        let empty = [String::new()];
        for (types, groups, subscriptions) in [
            (&empty[..], &[][..], &[][..]),
            (&[], &empty, &[]),
            (&[], &[], &empty),
        ] {
            let error = Subset::default().with(types, groups, subscriptions).unwrap_err();
            assert!(error.message().ends_with("is empty"), "{error}");
        }
    }

    fn tags() -> Vec<(String, String)> {
        vec![
            ("Env".to_owned(), "Prod".to_owned()),
            ("a:b".to_owned(), "c;d,e".to_owned()),
        ]
    }

    #[rstest]
    #[case("", true)]
    #[case("types=Microsoft.Storage/*", true)]
    #[case("types=Microsoft.Web/*, microsoft.storage/storageAccounts", true)]
    #[case("types=Microsoft.Web/*;resourceGroups=rg-web", false)]
    #[case("resourceGroups=RG-*;tagSelector=env:prod", true)]
    #[case("tagSelector=env:dev", false)]
    #[case("tagSelector=env", true)]
    #[case("tagSelector=env,owner", false)]
    #[case(r"tagSelector=a\:b:c\;d\,e", true)]
    #[case("subscriptions=s1;locations=West Europe;names=stweb;depth=0", true)]
    #[case("ids=/subscriptions/s1/*;", true)]
    #[case("ids=/subscriptions/s1", false)]
    fn all_clauses_must_hold(#[case] text: &str, #[case] matches: bool) {
        let tags = tags();
        let facets = Facets {
            id: ID,
            resource_type: "microsoft.storage/storageaccounts",
            name: "stweb",
            location: "westeurope",
            tags: &tags,
        };
        assert_eq!(Subset::parse(text).unwrap().matches(&facets), matches);
    }

    #[rstest]
    #[case("types", "it has no `=`")]
    #[case("type=x", "`type` is no clause")]
    #[case("types=a;TYPES=b", "there twice")]
    #[case("types=a,,b", "a value is empty")]
    #[case("depth=-1", "a depth is a number")]
    #[case("names=a\\", "ends with a backslash")]
    fn what_is_wrong_is_said(#[case] text: &str, #[case] reason: &str) {
        let error = Subset::parse(text).unwrap_err();
        assert!(error.message().contains(reason), "{error}");
    }

    #[test]
    fn options_of_their_own_are_clauses_more() {
        let all = Subset::parse("depth=3").unwrap();
        assert!(all.is_all());
        assert_eq!(all.depth(), Some(3));
        let some = all.with(&[], &["rg-*".to_owned()], &[]).unwrap();
        assert!(!some.is_all());
        assert!(some.with(&[], &["x".to_owned()], &[]).is_err());
    }
}
