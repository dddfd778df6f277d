use std::{fmt::Write as _, fs, process::Command};

use hcl_edit::{expr, structure};
use proptest::{collection::vec, prelude::*};

use super::*;

fn text(body: &Body) -> String {
    body.to_text()
}

fn attribute(value: impl Into<Expression>) -> String {
    let mut body = Body::new();
    body.attribute("x", value);
    text(&body)
}

#[test]
fn signs_stand_below_each_other_within_a_run_of_one_line_values() {
    let mut body = Body::new();
    body.attribute("name", "a")
        .attribute("resource_group_name", "b")
        .attribute(
            "tags",
            Expression::object([("env", "prod".into()), ("a b", "c".into())]),
        )
        .attribute("z", true)
        .blank()
        .attribute("count", Expression::Number("2".into()));
    assert_eq!(
        text(&body),
        r#"name                = "a"
resource_group_name = "b"
tags = {
  env   = "prod"
  "a b" = "c"
}
z = true

count = 2
"#
    );
}

#[test]
fn blocks_are_set_apart_and_empty_ones_stand_on_one_line() {
    let mut inner = Body::new();
    inner
        .attribute("a", Expression::Null)
        .block("features", [], Body::new());
    let mut body = Body::new();
    body.comment("first\nline")
        .block("provider", ["azurerm"], inner)
        .block("x", ["a\"b", "c"], Body::new());
    assert_eq!(
        text(&body),
        r#"# first line
provider "azurerm" {
  a = null

  features {}
}

x "a\"b" "c" {}
"#
    );
}

#[test]
fn lists_stand_on_one_line_where_they_fit() {
    let short = Expression::List(vec!["a".into(), Expression::Number("-1".into())]);
    assert_eq!(attribute(short), "x = [\"a\", -1]\n");
    let long = Expression::List(vec!["a".repeat(50).into(), "b".repeat(50).into()]);
    assert_eq!(
        attribute(long),
        format!("x = [\n  \"{}\",\n  \"{}\",\n]\n", "a".repeat(50), "b".repeat(50))
    );
    let objects = Expression::List(vec![
        Expression::object([("a", Expression::List(Vec::new()))]),
        Expression::Object(Vec::new()),
    ]);
    assert_eq!(attribute(objects), "x = [\n  {\n    a = []\n  },\n  {},\n]\n");
}

#[test]
fn references_calls_and_templates_are_written_as_such() {
    let reference = || Expression::reference("azurerm_subnet", ["a", "id"]);
    assert_eq!(attribute(reference()), "x = azurerm_subnet.a.id\n");
    assert_eq!(
        attribute(Expression::Reference(Reference {
            root: "azapi_resource".to_owned(),
            steps: vec![
                Step::Name("a".to_owned()),
                Step::Index(0),
                Step::Name("b \"c".to_owned())
            ],
        })),
        "x = azapi_resource.a[0][\"b \\\"c\"]\n"
    );
    assert_eq!(
        attribute(Expression::Template(vec![
            Part::Text("a$".to_owned()),
            Part::Value(reference()),
            Part::Text("/$${b}".to_owned()),
        ])),
        "x = \"a\\u0024${azurerm_subnet.a.id}/\\u0024$${b}\"\n"
    );
    assert_eq!(
        attribute(Expression::Conditional(Box::new([
            Expression::AnyNull(vec![Expression::variable("p"), Expression::variable("q")]),
            Expression::Null,
            Expression::Object(vec![(Key::Value(reference()), Expression::Object(Vec::new()))]),
        ]))),
        "x = var.p == null || var.q == null ? null : {\n  (azurerm_subnet.a.id) = {}\n}\n"
    );
}

#[test]
fn words_become_identifiers() {
    for (word, expected) in [
        ("Rg-Net.1", "rg_net_1"),
        ("1a", "_1a"),
        ("", "_"),
        ("für", "f_r"),
        ("for", "_for"),
        ("--", "_"),
    ] {
        assert_eq!(identifier(word), expected);
        assert!(is_identifier(&identifier(word)));
    }
}

/// What a parser that nobody here wrote reads as the value of a literal.
fn read_back(source: &str) -> String {
    let body: structure::Body = source.parse().unwrap_or_else(|error| panic!("{error}\n{source}"));
    let mut attributes = body.attributes();
    let value = attributes.next().expect("one attribute").value.clone();
    assert!(
        attributes.next().is_none() && body.blocks().next().is_none(),
        "{source}"
    );
    match value {
        expr::Expression::String(text) => text.into_value(),
        expr::Expression::StringTemplate(template) => template
            .iter()
            .map(|element| match element {
                hcl_edit::template::Element::Literal(text) => text.as_str().to_owned(),
                other => panic!("not a literal: {other:?}\n{source}"),
            })
            .collect(),
        other => panic!("not a text: {other:?}\n{source}"),
    }
}

pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "${", "%{", "$${", "%%{", "$", "%", "{", "}", "\"", "\\", "\\u", "\n", "\r\n", "\t", "<<EOT", "EOT", "\0", "'''",
            "[", "]", "#", "//", "/*", "~}", "${~", "\u{2028}", "\u{feff}", "\u{7f}", "\u{85}", "é", "👩‍👩‍👧", "a", " ",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_text_cannot_leave_its_literal(value in hostile()) {
        let source = attribute(value.as_str());
        prop_assert_eq!(source.matches('\n').count(), 1);
        prop_assert_eq!(read_back(&source), value);
    }
}

/// `terraform` where there is one. Without it the parser above still reads all that is written.
pub(crate) fn terraform() -> Option<Command> {
    let answer = Command::new("terraform").arg("version").output();
    answer.is_ok_and(|output| output.status.success()).then(|| {
        let mut command = Command::new("terraform");
        command
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_IN_AUTOMATION", "1");
        command
    })
}

/// The console prints a text as a literal with escapes that only it knows; this way there are none.
fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = text.iter().copied().filter(|byte| *byte != b'"');
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next().expect("a digit"), bytes.next().expect("a digit")];
                u8::from_str_radix(std::str::from_utf8(&digits).expect("ASCII"), 16).expect("digits")
            }
            byte => byte,
        });
    }
    out
}

fn samples() -> Vec<String> {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut samples: Vec<String> = (0..400)
        .map(|_| hostile().new_tree(&mut runner).expect("no rejection").current())
        .collect();
    samples.push("${".repeat(5_000));
    samples.push("x".repeat(10_000));
    samples
}

#[test]
fn terraform_reads_the_same_texts_and_has_nothing_to_format() {
    let Some(mut command) = terraform() else { return };
    let samples = samples();
    // Terraform keeps texts in normal form C; what is not in it cannot be said at all. Grapheme clusters at the edge of
    // a quote are counted by the version of Unicode that each side knows, so keys are plain enough.
    let mut body = Body::new();
    let mut locals = Body::new();
    for (index, value) in samples.iter().enumerate() {
        locals.attribute(format!("v{index}"), value.as_str());
    }
    let keyed = Expression::Object(
        samples
            .iter()
            .take(200)
            .enumerate()
            .map(|(index, value)| (Key::Text(format!("{index}{value}")), Expression::Bool(true)))
            .collect(),
    );
    locals.attribute("keyed", keyed);
    body.block("locals", [], locals);
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("main.tf"), body.to_text()).expect("a file");
    let fmt = command
        .args(["fmt", "-check", "-diff"])
        .current_dir(directory.path())
        .output()
        .expect("terraform");
    assert!(fmt.status.success(), "{}", String::from_utf8_lossy(&fmt.stdout));

    let mut question = String::from("urlencode(jsonencode([");
    for index in 0..samples.len() {
        let _ = write!(question, "local.v{index}, ");
    }
    question.push_str("]))\n");
    fs::write(directory.path().join("question"), question).expect("a file");
    let answer = terraform()
        .expect("was there a moment ago")
        .arg("console")
        .current_dir(directory.path())
        .stdin(fs::File::open(directory.path().join("question")).expect("a file"))
        .output()
        .expect("terraform");
    assert!(
        answer.status.success(),
        "{}",
        String::from_utf8_lossy(&answer.stderr)
    );
    let read = Json::parse(&percent_decoded(answer.stdout.trim_ascii())).expect("JSON");
    let read = read.as_array().expect("an array");
    assert_eq!(read.len(), samples.len());
    for (read, value) in read.iter().zip(&samples) {
        assert_eq!(read.as_str(), Some(value.as_str()));
    }
}
