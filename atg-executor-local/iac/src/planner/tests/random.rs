//! Tenants that nobody would build.

use proptest::prelude::*;

use super::*;
use crate::plan::{Piece, Text};

/// A resource of an unknown type: what it lies in and what it refers to, by number.
#[derive(Debug, Clone)]
struct Thing {
    child_of: Option<usize>,
    refers_to: Vec<usize>,
    name: String,
}

fn things() -> impl Strategy<Value = Vec<Thing>> {
    let thing = (
        proptest::option::of(0_usize..12),
        proptest::collection::vec(0_usize..12, 0..4),
        "[a-cA-C][a-c0-9\\-_. ]{0,3}",
    )
        .prop_map(|(child_of, refers_to, name)| Thing {
            child_of,
            refers_to,
            name: name.trim().to_owned(),
        });
    proptest::collection::vec(thing, 1..12)
}

fn ids(things: &[Thing]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for (at, thing) in things.iter().enumerate() {
        out.push(match thing.child_of {
            Some(parent) if parent < at => format!("{}/parts/{}{at}", out[parent], thing.name),
            _ => format!(
                "{SUB}/resourceGroups/rg/providers/Example.Unknown/things/{}{at}",
                thing.name
            ),
        });
    }
    out
}

fn rows(things: &[Thing]) -> Vec<String> {
    let ids = ids(things);
    things
        .iter()
        .zip(&ids)
        .map(|(thing, id)| {
            let parts = id.matches("/parts/").count();
            let refers: Vec<String> = thing
                .refers_to
                .iter()
                .filter_map(|other| ids.get(*other))
                .enumerate()
                .map(|(at, other)| match at % 3 {
                    0 => format!(r#""r{at}":{{"id":"{other}"}}"#),
                    1 => format!(
                        r#""r{at}":["{}"]"#,
                        other.to_uppercase().replace("/SUBSCRIPTIONS/", "/subscriptions/")
                    ),
                    _ => format!(r#""r{at}":"see {other}!""#),
                })
                .collect();
            format!(
                r#"{{"id":"{id}","type":"Example.Unknown/things{}","properties":{{{}}}}}"#,
                "/parts".repeat(parts),
                refers.join(",")
            )
        })
        .chain([group()])
        .collect()
}

/// The texts of a plan with every reference written out again.
fn spelled(text: &Text) -> String {
    match text {
        Text::Literal(text) => text.clone(),
        Text::Pieces(pieces) => pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text.as_str(),
                Piece::Reference(reference) => &reference.spelled,
                Piece::Parameter(_) => "",
            })
            .collect(),
    }
}

proptest! {
    #[test]
    fn a_plan_is_acyclic_complete_and_the_same_every_time(things in things(), turn in any::<prop::sample::Index>()) {
        let mut rows = rows(&things);
        let one = planned(&rows, &Options::default());
        check(&one.plan);
        prop_assert_eq!(one.plan.resources.len(), things.len() + 1);
        prop_assert!(one.plan.skipped.is_empty());

        let middle = turn.index(rows.len());
        rows.rotate_left(middle);
        prop_assert_eq!(&planned(&rows, &Options::default()), &one);

        // Every ID of the tenant that stands in a body is a reference: what is literal in it names nothing.
        let ids: Vec<String> = ids(&things).iter().map(|id| id.to_lowercase()).collect();
        let bodies = one.plan.resources.iter().flat_map(|resource| {
            let mut texts = Vec::new();
            for member in &resource.body {
                member.value.for_each_text(&mut |text| texts.push(text.clone()));
            }
            texts
        });
        let later = one.plan.associations.iter().flat_map(|association| {
            let mut texts = Vec::new();
            association.value.for_each_text(&mut |text| texts.push(text.clone()));
            texts
        });
        let mut found = 0;
        for text in bodies.chain(later) {
            let whole = spelled(&text).to_lowercase();
            if ids.iter().any(|id| whole.contains(id.as_str())) {
                found += 1;
                prop_assert!(matches!(text, Text::Pieces(_)), "{text:?} names something and is a literal");
            }
        }
        let said: usize = things
            .iter()
            .map(|thing| thing.refers_to.iter().filter(|other| **other < things.len()).count())
            .sum();
        prop_assert_eq!(found, said);
    }
}
