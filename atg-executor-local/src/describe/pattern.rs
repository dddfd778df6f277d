//! Patterns of paths, as the tables of rules and redactions write them.
//!
//! | Pattern | Matches |
//! |---|---|
//! | `a.b` | member `b` of member `a`, whatever their case |
//! | `a[]` | each element of array `a` |
//! | `a.*` | each member of `a` |
//! | `a.{}` | each member of `a` by its name: the name is the value |
//!
//! A type pattern is a resource type, `*` for all, or `*/name` for every type that ends so.

use crate::json::Json;

/// One step into a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// Into a member.
    Name(&'a str),
    /// Into an element.
    Index(usize),
    /// To a member's name.
    NameItself,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Name(&'static str),
    AnyName,
    Element,
    NameItself,
}

/// A path pattern, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    parts: Vec<Part>,
}

impl Pattern {
    pub(crate) fn new(text: &'static str) -> Self {
        let mut parts = Vec::new();
        for name in text.split('.') {
            let (name, elements) = match name.find('[') {
                Some(at) => (&name[..at], name[at..].len() / 2),
                None => (name, 0),
            };
            parts.push(match name {
                "*" => Part::AnyName,
                "{}" => Part::NameItself,
                name => Part::Name(name),
            });
            parts.extend(std::iter::repeat_n(Part::Element, elements));
        }
        Self { parts }
    }

    /// The texts that stand there in a body, in its order.
    pub(crate) fn texts<'a>(&self, members: &'a [(String, Json)]) -> Vec<&'a str> {
        let mut out = Vec::new();
        if let Some((first, rest)) = self.parts.split_first() {
            in_members(*first, rest, members, &mut out);
        }
        out
    }

    pub(crate) fn matches(&self, path: &[Step<'_>]) -> bool {
        self.parts.len() == path.len()
            // From the end: the last steps tell most paths apart.
            && self.parts.iter().zip(path).rev().all(|(part, step)| match (part, step) {
                (Part::Name(wanted), Step::Name(name)) => wanted.eq_ignore_ascii_case(name),
                (Part::AnyName, Step::Name(_))
                | (Part::Element, Step::Index(_))
                | (Part::NameItself, Step::NameItself) => true,
                _ => false,
            })
    }
}

fn in_members<'a>(part: Part, rest: &[Part], members: &'a [(String, Json)], out: &mut Vec<&'a str>) {
    for (name, value) in members {
        match part {
            Part::Name(wanted) if wanted.eq_ignore_ascii_case(name) => in_value(rest, value, out),
            Part::AnyName => in_value(rest, value, out),
            Part::NameItself if rest.is_empty() => out.push(name),
            Part::Name(_) | Part::NameItself | Part::Element => {}
        }
    }
}

fn in_value<'a>(parts: &[Part], value: &'a Json, out: &mut Vec<&'a str>) {
    match (parts.split_first(), value) {
        (None, Json::String(text)) => out.push(text),
        (Some((Part::Element, rest)), Json::Array(items)) => {
            items.iter().for_each(|item| in_value(rest, item, out));
        }
        (Some((part, rest)), Json::Object(members)) => in_members(*part, rest, members, out),
        _ => {}
    }
}

/// The text of a path. A step to a member's name adds nothing: the path is that of the object.
pub(crate) fn path_text(path: &[Step<'_>]) -> String {
    let mut out = String::with_capacity(64);
    for step in path {
        match step {
            Step::Name(name) => super::path::push_name(&mut out, name),
            Step::Index(index) => super::path::push_index(&mut out, *index),
            Step::NameItself => {}
        }
    }
    out
}

/// Rules by the resource type that they are for. Both tables are read once, into one of these.
#[derive(Debug)]
pub(crate) struct ByType<R> {
    exact: std::collections::HashMap<String, Vec<R>>,
    /// By the type's last segment.
    endings: std::collections::HashMap<String, Vec<R>>,
    all: Vec<R>,
}

impl<R> ByType<R> {
    pub(crate) fn new(rows: impl IntoIterator<Item = (&'static str, R)>) -> Self {
        let mut out = Self {
            exact: std::collections::HashMap::new(),
            endings: std::collections::HashMap::new(),
            all: Vec::new(),
        };
        for (types, rule) in rows {
            let list = match types.strip_prefix("*/") {
                Some(ending) => out.endings.entry(ending.to_lowercase()).or_default(),
                None if types == "*" => &mut out.all,
                None => out.exact.entry(types.to_lowercase()).or_default(),
            };
            list.push(rule);
        }
        out
    }

    /// The rules for a type, those for it alone first.
    pub(crate) fn of(&'static self, resource_type: &str) -> Rules<R> {
        let lower = resource_type.to_lowercase();
        let ending = lower.rsplit('/').next().unwrap_or_default();
        Rules {
            lists: [
                self.exact.get(&lower).map_or(&[], Vec::as_slice),
                self.endings.get(ending).map_or(&[], Vec::as_slice),
                &self.all,
            ],
        }
    }
}

/// The rules for one type.
#[derive(Debug)]
pub(crate) struct Rules<R: 'static> {
    lists: [&'static [R]; 3],
}

impl<R> Clone for Rules<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Rules<R> {}

impl<R> Rules<R> {
    pub(crate) fn iter(self) -> impl Iterator<Item = &'static R> {
        self.lists.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_their_texts() {
        let body = Json::parse(br#"{"a":{"B":[{"c":"1"},{"c":2},{"c":"3"}],"x":"4","y":["5"]}}"#).unwrap();
        let texts = |pattern| Pattern::new(pattern).texts(body.as_object().unwrap());
        assert_eq!(texts("a.b[].c"), ["1", "3"]);
        assert_eq!(texts("a.*"), ["4"]);
        assert_eq!(texts("a.*[]"), ["5"]);
        assert_eq!(texts("a.{}"), ["B", "x", "y"]);
        assert!(texts("a.b.c").is_empty());
    }

    #[test]
    fn patterns_match_their_paths_and_no_others() {
        use Step::{Index, Name, NameItself};
        let subnet = [
            Name("properties"),
            Name("ipConfigurations"),
            Index(3),
            Name("Subnet"),
            Name("id"),
        ];
        assert!(Pattern::new("properties.ipConfigurations[].subnet.id").matches(&subnet));
        assert!(Pattern::new("properties.*[].subnet.id").matches(&subnet));
        assert!(!Pattern::new("properties.ipConfigurations.subnet.id").matches(&subnet));
        assert!(!Pattern::new("properties.ipConfigurations[].subnet").matches(&subnet));
        assert!(Pattern::new("a.{}").matches(&[Name("a"), NameItself]));
        assert!(!Pattern::new("a.{}").matches(&[Name("a"), Name("b")]));
        assert!(Pattern::new("a[][]").matches(&[Name("a"), Index(0), Index(0)]));
        assert_eq!(path_text(&subnet), "properties.ipConfigurations[3].Subnet.id");
    }
}
