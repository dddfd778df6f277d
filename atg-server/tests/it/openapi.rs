use std::{env, fs, path::Path};

use atg_server::http::openapi_document;
use http::Method;
use serde_json::Value;

use crate::support::site;

/// The document as a released server shows it: tests are built with the scripted operation, which is not a part of it.
fn released(mut document: Value) -> Value {
    let paths = document["paths"].as_object_mut().unwrap();
    paths
        .remove("/api/v1/rehearsal")
        .expect("tests have the scripted operation");
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    schemas.retain(|name, _| !name.starts_with("Rehearsal") && name != "Step");
    document
}

#[test]
fn the_document_is_the_one_that_was_reviewed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/openapi.json");
    let document = format!("{:#}\n", released(openapi_document()));
    if env::var_os("ATG_UPDATE_GOLDEN").is_some() {
        fs::write(&path, &document).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == document,
        "{} differs: run again with ATG_UPDATE_GOLDEN=1 and read the difference",
        path.display()
    );
}

#[test]
fn everything_that_is_referred_to_is_there() {
    fn walk(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(target)) = members.get("$ref") {
                    let pointer = target
                        .strip_prefix('#')
                        .expect("only this document is referred to");
                    assert!(document.pointer(pointer).is_some(), "{target}");
                }
                members.values().for_each(|member| walk(member, document));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, document)),
            _ => {}
        }
    }
    let document = openapi_document();
    assert_eq!(
        document["openapi"].as_str().map(|version| &version[..4]),
        Some("3.1.")
    );
    walk(&document, &document);
    let document = released(document);
    walk(&document, &document);
}

#[tokio::test]
async fn it_is_served_with_a_page_that_loads_nothing_from_elsewhere() {
    let (site, _) = site().await;
    let served = site.call(Method::GET, "/openapi.json").send().await;
    assert_eq!(served.json(), openapi_document());
    let page = site.call(Method::GET, "/docs").send().await;
    assert_eq!(
        (page.status.as_u16(), page.header("location")),
        (308, "/docs/index.html")
    );
    let page = site.call(Method::GET, "/docs/index.html").send().await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'self'")
    );
    assert!(!page.text().contains("https://"), "{}", page.text());
    site.call(Method::GET, "/docs/nothing.js")
        .send()
        .await
        .problem(404, "NotFound");
}
