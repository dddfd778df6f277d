//! Names, tags and values that try to break out of their literals.

use atg_json::Json;
use proptest::prelude::*;

use super::tenants::check;
use crate::plan::{Member, Plan, Target, Text, Value, example};

/// Pieces that mean something in a language, or to those who read it.
const PIECES: [&str; 40] = [
    "${",
    "}",
    "%{",
    "'",
    "''",
    "'''",
    "\"",
    "\\",
    "\\\\",
    "\n",
    "\r\n",
    "\t",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "{0}",
    "{{",
    "$",
    "$${",
    "\\${",
    "\\u{41}",
    "\\n",
    "//",
    "/*",
    "*/",
    "#",
    "@",
    "parameters('x')",
    "[parameters('x')]",
    "concat('a')",
    "\u{0}",
    "\u{7f}",
    "\u{2028}",
    "\u{202e}",
    "\u{feff}",
    "é",
    "名前",
    "👩‍💻",
];

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => proptest::sample::select(&PIECES[..]).prop_map(str::to_owned),
        2 => "[ -~]{0,12}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop_oneof![
        20 => proptest::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat()),
        1 => proptest::sample::select(&PIECES[..]).prop_map(|piece| piece.repeat(10_000 / piece.len())),
    ]
    // What stands for an unknown value in these checks.
    .prop_filter("a mark", |text| !text.contains(['«', '»']))
}

/// A name is one segment of an ID.
fn name() -> impl Strategy<Value = String> {
    hostile().prop_map(|text| text.replace('/', "_"))
}

/// The example with other texts in all places where Azure lets people write.
fn spoilt(names: &[String], texts: &[String]) -> Plan {
    let mut plan = example::plan();
    // Two of one name would be one resource.
    let names: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(at, name)| format!("{name}{at}"))
        .collect();
    for (resource, name) in plan.resources.iter_mut().zip(&names) {
        resource.name = Text::Literal(name.clone());
    }
    // Names are part of IDs: put them together again from the top.
    for (at, name) in names.iter().enumerate().take(plan.resources.len()) {
        let resource = &plan.resources[at];
        let parent = match resource.parent {
            Target::Resource(parent) => &plan.resource(parent).id,
            Target::External(parent) => &plan.external(parent).id,
        };
        plan.resources[at].id = format!("{parent}{}{name}", resource.id_suffix());
    }
    let outside = plan.externals.last_mut().unwrap();
    let head = outside.id.rsplit_once('/').unwrap().0;
    outside.id = format!("{head}/{}", names[names.len() - 1]);
    let mut texts = texts.iter().cycle().cloned();
    let mut text = || Text::Literal(texts.next().unwrap());
    for resource in &mut plan.resources {
        resource.tags = Some(vec![(text(), text())]);
        if let Some(location) = &mut resource.location {
            *location = text();
        }
        resource.body.push(Member {
            name: match text() {
                Text::Literal(name) => Text::Literal(format!("_{name}")),
                text => text,
            },
            value: Value::Array(vec![
                Value::Text(text()),
                Value::Object(vec![Member {
                    name: text(),
                    value: Value::Text(text()),
                }]),
            ]),
        });
    }
    for parameter in &mut plan.parameters {
        if let Text::Literal(text) = text() {
            parameter.description = text;
        }
    }
    plan
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_out_of_its_literal(
        names in proptest::collection::vec(name(), 11),
        texts in proptest::collection::vec(hostile(), 24),
    ) {
        check(&spoilt(&names, &texts));
    }
}

#[test]
fn each_piece_alone_stays_what_it_is() {
    for piece in PIECES {
        let names: Vec<_> = (0..11)
            .map(|at| format!("{}{at}", piece.replace('/', "_")))
            .collect();
        for around in [
            piece.to_owned(),
            format!("a{piece}"),
            format!("{piece}a"),
            format!("[{piece}]"),
            format!("[[{piece}"),
        ] {
            check(&spoilt(&names, &[around]));
        }
    }
}

#[test]
fn a_default_is_never_an_expression() {
    let mut plan = example::plan();
    let key = plan
        .parameters
        .iter()
        .position(|parameter| parameter.default.is_some())
        .unwrap();
    plan.parameters[key].default = Some(Json::from("[resourceGroup().id]"));
    let key = crate::plan::ParameterKey(u32::try_from(key).unwrap());
    plan.resources[4]
        .body
        .push(Member::new("managedBy", Value::Parameter(key)));
    check(&plan);
}
