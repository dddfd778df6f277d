//! Names, tags and values that try to be something else.

use atg_json::Json;
use hcl_edit::structure::Body;
use proptest::{collection::vec, prelude::*};

use super::{LAYOUTS, unchanged::World, written};
use crate::{
    plan::{Kind, Member, Plan, Text, Value, example},
    terraform::hcl::tests::hostile,
};

/// The lock of the example, with everything that can be said of it said in those words.
fn plan(words: &[String]) -> Plan {
    let mut plan = example::plan();
    let parent = plan.resources[4].id.clone();
    let lock = &mut plan.resources[6];
    let id = format!("{parent}{}{}", lock.id_suffix(), words[0]);
    lock.name = Text::Literal(words[0].clone());
    lock.id.clone_from(&id);
    lock.import_id = Some(id);
    lock.location = Some(Text::Literal(words[1].clone()));
    lock.tags = Some(vec![(
        Text::Literal(words[2].clone()),
        Text::Literal(words[3].clone()),
    )]);
    lock.body = vec![Member::new(
        "properties",
        Value::Object(vec![
            Member::new("notes", Value::literal(&words[4])),
            Member::new(
                format!("k{}", words[5]),
                Value::Array(vec![Value::literal(&words[0]), Value::Null]),
            ),
        ]),
    )];
    plan
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_read_back_is_what_was_said(words in vec(hostile(), 6)) {
        for layout in LAYOUTS {
            let plan = plan(&words);
            let (files, _) = written(&plan, layout);
            let (_, main) = files
                .0
                .iter()
                .find(|(_, content)| content.contains("\"azapi_resource\" \"keep\""))
                .expect("the lock");
            let main: Body = main.parse().unwrap();
            let block = main
                .blocks()
                .find(|block| block.labels.last().is_some_and(|label| label.as_str() == "keep"))
                .expect("the lock");
            let value = |name: &str| World::nothing().value(&block.body.get_attribute(name).expect(name).value);
            let word = |index: usize| Json::from(words[index].as_str());
            prop_assert_eq!(value("name"), Some(word(0)));
            prop_assert_eq!(value("location"), Some(word(1)));
            prop_assert_eq!(value("tags"), Some(Json::Object(vec![(words[2].clone(), word(3))])));
            let body = Json::Object(vec![(
                "properties".to_owned(),
                Json::Object(vec![
                    ("notes".to_owned(), word(4)),
                    (format!("k{}", words[5]), Json::Array(vec![word(0), Json::Null])),
                ]),
            )]);
            prop_assert_eq!(value("body"), Some(body));
        }
    }
}

#[test]
fn what_an_identifier_is_imported_by_has_one_question_mark() {
    let words = ["a?b#c%d", "", "", "", "", ""].map(str::to_owned);
    let (files, _) = written(&plan(&words), crate::writer::Layout::Single);
    let Kind::Arm { api_version, .. } = &plan(&words).resources[6].kind else {
        panic!("no ARM")
    };
    let expected =
        format!("/providers/Microsoft.Authorization/locks/a%3Fb%23c%25d?api-version={api_version}\"");
    assert!(
        files.0["imports.tf"].contains(&expected),
        "{}",
        files.0["imports.tf"]
    );
}
