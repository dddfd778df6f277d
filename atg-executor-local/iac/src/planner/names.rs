//! Names for the files: readable, the same on every run, and no two alike.
//!
//! A name is made of what Azure calls the thing. Those that would be equal get their type behind them (a machine, its disk
//! and its interface are often called the same), those that still are get what they lie in, and the rest numbers, in
//! the order of their IDs.

use std::collections::HashMap;

use super::index::is_guid;
use crate::plan::Symbol;

/// What a name is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    /// What Azure calls it.
    pub(crate) name: &'a str,
    /// The last segment of its type, in any case: `networkInterfaces`.
    pub(crate) kind: &'a str,
    /// What it lies in: the parent's name, or the resource group's.
    pub(crate) within: &'a str,
}

/// Words that a language keeps for itself, and functions that a name would hide from Bicep. In Terraform they would do, but
/// one plan has one set of names.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "any", "array", "as", "assert", "az", "base64", "bool", "cidrhost", "coalesce", "concat", "contains", "count", "data",
    "deployer", "deployment", "each", "else", "empty", "environment", "existing", "extension", "fail", "false", "filter",
    "first", "flatten", "for", "for_each", "format", "from", "func", "groupby", "guid", "if", "import", "in", "int",
    "intersection", "items", "join", "json", "last", "length", "lifecycle", "local", "locals", "map", "max", "metadata", "min",
    "module", "null", "object", "output", "param", "parameters", "path", "provider", "providers", "range", "reduce",
    "reference", "replace", "resource", "secure", "self", "skip", "sort", "source", "split", "string", "subscription",
    "substring", "sum", "sys", "take", "targetscope", "tenant", "terraform", "test", "this", "trim", "true", "type", "union",
    "uri", "using", "var", "variable", "variables", "version", "void", "with",
];

/// Names for all of them, in the same order. None of them is in `taken`.
pub(crate) fn symbols(things: &[Named<'_>], taken: &[&str]) -> Vec<Symbol> {
    let mut out: Vec<Option<Symbol>> = vec![None; things.len()];
    let mut used: HashMap<String, u32> = RESERVED
        .iter()
        .chain(taken)
        .map(|word| ((*word).to_owned(), 1))
        .collect();
    let mut open: Vec<usize> = (0..things.len()).collect();
    for make in [plain, with_kind, with_place] {
        let mut groups: HashMap<String, Vec<usize>> = HashMap::with_capacity(open.len());
        for at in open {
            groups.entry(make(&things[at])).or_default().push(at);
        }
        open = Vec::new();
        for (text, members) in groups {
            match members[..] {
                [only] if !used.contains_key(&text) => {
                    out[only] = Some(Symbol::new(text.as_str()));
                    used.insert(text, 1);
                }
                _ => open.extend(members),
            }
        }
        // A map has no order; what follows must have one.
        open.sort_unstable();
    }
    for at in open {
        let text = with_place(&things[at]);
        let mut number = used.get(&text).copied().unwrap_or(0);
        let symbol = loop {
            number += 1;
            let numbered = if number == 1 {
                text.clone()
            } else {
                behind(&text, &number.to_string())
            };
            if !used.contains_key(&numbered) {
                break numbered;
            }
        };
        used.insert(text, number);
        used.insert(symbol.clone(), 1);
        out[at] = Some(Symbol::new(symbol));
    }
    out.into_iter().flatten().collect()
}

fn plain(thing: &Named<'_>) -> String {
    if is_guid(thing.name) {
        // A GUID tells nobody anything, but its beginning tells it from others.
        return behind(&singular(thing.kind), &snake(&thing.name[..8]));
    }
    let text = snake(thing.name);
    match text.chars().next() {
        None => singular(thing.kind),
        Some(first) if first.is_ascii_digit() => behind(&singular(thing.kind), &text),
        Some(_) => text,
    }
}

fn with_kind(thing: &Named<'_>) -> String {
    let (text, kind) = (plain(thing), singular(thing.kind));
    if text == kind || text.starts_with(&format!("{kind}_")) || text.ends_with(&format!("_{kind}")) {
        text
    } else {
        behind(&text, &kind)
    }
}

fn with_place(thing: &Named<'_>) -> String {
    match snake(thing.within) {
        place if place.is_empty() => with_kind(thing),
        place => behind(&with_kind(thing), &place),
    }
}

/// Puts an ending behind a text, which is cut where both would be too long.
fn behind(text: &str, ending: &str) -> String {
    let ending = &ending[..ending.len().min(Symbol::MAX / 2)];
    let room = Symbol::MAX - ending.len() - 1;
    let head = text[..text.len().min(room)].trim_end_matches('_');
    format!("{head}_{}", ending.trim_matches('_'))
}

/// Small letters, digits and single underscores; words that only a capital told apart are told apart by one.
pub(crate) fn snake(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(Symbol::MAX) + 8);
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if out.len() >= Symbol::MAX {
            break;
        }
        if letter.is_ascii_alphanumeric() {
            let starts_word = letter.is_ascii_uppercase()
                && (before.is_ascii_lowercase()
                    || (before.is_ascii_uppercase() && letters.peek().is_some_and(char::is_ascii_lowercase)));
            if starts_word && !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            out.push(letter.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        before = letter;
    }
    out.truncate(Symbol::MAX);
    out.trim_end_matches('_').to_owned()
}

/// `virtual_network` for `virtualNetworks`.
fn singular(kind: &str) -> String {
    let text = snake(kind);
    let cut = if let Some(stem) = text.strip_suffix("ies") {
        format!("{stem}y")
    } else if let Some(stem) = ["sses", "xes"]
        .iter()
        .find_map(|ending| text.ends_with(ending).then(|| text.strip_suffix("es")).flatten())
    {
        stem.to_owned()
    } else if text.ends_with("ss") || text.ends_with("us") || text.ends_with("is") {
        text
    } else {
        text.strip_suffix('s').unwrap_or(&text).to_owned()
    };
    match cut.chars().next() {
        Some(first) if first.is_ascii_lowercase() => cut,
        _ => "thing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn named<'a>(name: &'a str, kind: &'a str, within: &'a str) -> Named<'a> {
        Named { name, kind, within }
    }

    fn texts(things: &[Named<'_>]) -> Vec<String> {
        symbols(things, &["taken"])
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[rstest]
    #[case("vm-Web01", "virtualMachines", "vm_web01")]
    #[case("contosoWebApp", "sites", "contoso_web_app")]
    #[case("HTTPServer", "sites", "http_server")]
    #[case("10.0.0.0/8", "routes", "route_10_0_0_0_8")]
    #[case(
        "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "roleAssignments",
        "role_assignment_acdd72a7"
    )]
    #[case("日本", "redisCaches", "redis_cache")]
    #[case("@", "A", "a")]
    #[case("default", "privateDnsZones", "default")]
    #[case("resource", "sites", "resource_site")]
    #[case("taken", "publicIPAddresses", "taken_public_ip_address")]
    #[case("subscription", "policies", "subscription_policy")]
    fn a_name_is_what_azure_calls_it(#[case] name: &str, #[case] kind: &str, #[case] expected: &str) {
        assert_eq!(texts(&[named(name, kind, "rg")]), [expected]);
    }

    #[test]
    fn equal_names_get_the_type_then_the_place_then_a_number() {
        let things = [
            named("web", "virtualMachines", "rg-a"),
            named("web", "networkInterfaces", "rg-a"),
            named("default", "subnets", "hub"),
            named("default", "subnets", "spoke"),
            named("x.y", "disks", "rg"),
            named("x-y", "disks", "rg"),
            named("x y", "disks", "RG"),
        ];
        assert_eq!(
            texts(&things),
            [
                "web_virtual_machine",
                "web_network_interface",
                "default_subnet_hub",
                "default_subnet_spoke",
                "x_y_disk_rg",
                "x_y_disk_rg_2",
                "x_y_disk_rg_3"
            ]
        );
    }

    #[test]
    fn long_names_are_cut_and_stay_different() {
        let long = "a".repeat(10_000);
        let things = [named(&long, "sites", "rg"), named(&long, "sites", "rg")];
        let texts = texts(&things);
        assert_ne!(texts[0], texts[1]);
        assert!(texts.iter().all(|text| text.len() <= Symbol::MAX), "{texts:?}");
    }

    proptest! {
        #[test]
        fn names_are_identifiers_and_different(
            things in proptest::collection::vec(("(?s).{0,12}", "[a-zA-Z]{0,3}", "[a-b\\-]{0,2}"), 0..40)
        ) {
            let things: Vec<_> = things.iter().map(|(name, kind, within)| named(name, kind, within)).collect();
            let found = texts(&things);
            prop_assert_eq!(found.len(), things.len());
            let mut different = found.clone();
            different.sort();
            different.dedup();
            prop_assert_eq!(different.len(), found.len());
            for text in &found {
                prop_assert!(Symbol::is_valid(text) && !RESERVED.contains(&text.as_str()), "{}", text);
            }
        }
    }
}
