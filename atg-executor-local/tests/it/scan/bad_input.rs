//! Bad input: refused with a reason, or read as far as it can be, and never dropped in silence.

use std::io::Write as _;

use atg_sdk::Executor as _;
use atg_sdk::{Completeness, ErrorKind, JobRequest, Operation};
use rstest::rstest;
use serde_json::{Value, json};

use super::{Place, SUBSCRIPTION, bytes, counts, lines, resource};

#[rstest]
#[case(b"".to_vec(), "it is empty")]
#[case(b"\n \n".to_vec(), "there is nothing in it")]
#[case(b"hello, world\n".to_vec(), "it is not JSON")]
#[case(b"id,name,type\n/x,x,y\n".to_vec(), "it is not JSON")]
#[case(b"{\"id\": tru".to_vec(), "nothing in it could be read")]
#[case(b"[{\"id\":".to_vec(), "nothing in it could be read")]
#[case(b"\x1f\x8b\x08\x00\x00".to_vec(), "damaged")]
#[case(b"\x28\xb5\x2f\xfd\x00".to_vec(), "damaged")]
#[case(b"PK\x03\x04...".to_vec(), "zip archive")]
#[case(b"\xff\xfe[\x00]\x00".to_vec(), "UTF-16")]
#[tokio::test]
async fn what_is_no_source_is_refused_and_touches_no_graph(#[case] text: Vec<u8>, #[case] words: &str) {
    let place = Place::new();
    let error = place.refusal(text, json!({})).await;
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    assert!(error.message().contains(words), "{error}");
    // The tenant was not even begun.
    let scanned = place.scan("[]").await;
    assert_eq!(
        (scanned.completeness, counts(&scanned)),
        (Completeness::Complete, (0, 0, 0, 0))
    );
}

#[rstest]
#[case("{\"id\":\"/x\",", "the text ends in the middle of a value")]
#[case("{\"id\":\"/x\",\"a\":NaN}", "`NaN` is not a number that JSON has")]
#[case(
    "{\"id\":\"/x\",\"a\":-Infinity}",
    "`-Infinity` is not a number that JSON has"
)]
#[case("{\"id\":\"/x\",\"a\":1,\"a\":2}", "names `a` twice")]
#[case("{\"id\":\"/x\\ud800\"}", "half of a surrogate pair")]
#[case("[1]", "not a JSON object")]
#[case("42", "not a JSON object")]
#[case("{\"type\":\"Microsoft.X/y\"}", "no `id`")]
#[case("{\"id\":7,\"type\":\"Microsoft.X/y\"}", "bad `id`")]
#[tokio::test]
async fn a_bad_line_is_reported_by_its_number_and_the_scan_goes_on(#[case] bad: &str, #[case] words: &str) {
    let good = lines(&[resource("web", "one")]);
    let text = format!("{good}\n{bad}\n{}", lines(&[resource("web", "two")]));
    let scanned = Place::new().scan(text).await;
    assert_eq!(
        (scanned.completeness, scanned.output.resources),
        (Completeness::Partial, 2)
    );
    assert!(!scanned.output.success);
    assert_eq!(scanned.report["problems_total"], 1);
    assert_eq!(scanned.report["problems"][0]["line"], 3);
    let detail = scanned.report["problems"][0]["detail"].as_str().unwrap();
    assert!(detail.contains(words), "{detail}");
    // Nobody knows where it belonged: no unit is complete.
    assert_eq!(scanned.output.incomplete_units_total, 2);
    assert_eq!(scanned.output.incomplete_units[0].collector, "input");
    assert!(
        scanned
            .warnings
            .iter()
            .any(|warning| warning.starts_with("line 3: ")),
        "{:?}",
        scanned.warnings
    );
}

#[tokio::test]
async fn invalid_utf_8_is_reported_by_its_line() {
    let text = [
        lines(&[resource("web", "one")]).as_bytes(),
        b"{\"id\":\"\xff\"}\n",
    ]
    .concat();
    let scanned = Place::new().scan(text).await;
    assert_eq!(
        scanned.report["problems"][0],
        json!({ "line": 2, "detail": "invalid UTF-8 at byte 7" })
    );
}

#[tokio::test]
async fn a_bad_object_whose_scope_is_known_leaves_other_units_complete() {
    let elsewhere = "/subscriptions/00000000-0000-0000-0000-000000000002";
    let nameless =
        json!({ "id": format!("{elsewhere}/resourceGroups/g/providers/Microsoft.X/y/z"), "name": "z" });
    let scanned = Place::new()
        .scan(lines(&[resource("web", "one"), nameless.clone()]))
        .await;
    assert_eq!(scanned.completeness, Completeness::Partial);
    let units: Vec<_> = scanned
        .output
        .incomplete_units
        .iter()
        .map(|unit| unit.scope.as_str())
        .collect();
    assert_eq!(units, [elsewhere]);
    assert_eq!(scanned.report["problems"][0]["id"], nameless["id"]);
    let states: Vec<_> = scanned.manifest["units"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unit| (&unit["scope"], &unit["state"]))
        .collect();
    assert_eq!(
        states,
        [
            (&json!(SUBSCRIPTION), &json!("complete")),
            (&json!(elsewhere), &json!("failed"))
        ]
    );
}

#[tokio::test]
async fn fifty_million_bytes_on_one_line_are_refused_by_line_and_limit() {
    let mut huge = resource("web", "huge");
    huge["properties"]["text"] = json!("x".repeat(50_000_000));
    let text = lines(&[resource("web", "one"), huge, resource("web", "two")]);
    let scanned = Place::new().scan(text).await;
    assert_eq!(
        (scanned.completeness, scanned.output.resources),
        (Completeness::Partial, 2)
    );
    assert_eq!(
        scanned.report["problems"],
        json!([{ "line": 2, "detail": "longer than the limit of 16 MiB for one object" }])
    );
}

#[tokio::test]
async fn a_truncated_file_keeps_what_was_read() {
    let objects: Vec<Value> = (0..500)
        .map(|n| resource("web", &format!("account{n}")))
        .collect();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(lines(&objects).as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    let zstd = zstd::encode_all(lines(&objects).repeat(20).as_bytes(), 1).unwrap();
    for packed in [&gzip[..gzip.len() * 3 / 4], &zstd[..zstd.len() - 3]] {
        let scanned = Place::new().scan(packed).await;
        assert_eq!(scanned.completeness, Completeness::Partial);
        assert!(
            (1..=500).contains(&scanned.output.resources),
            "{:?}",
            scanned.output
        );
        assert_eq!(scanned.report["problems_total"], 1);
        let reason = &scanned.output.incomplete_units[0].reason;
        assert!(reason.contains("damaged or cut off"), "{reason}");
    }
}

#[tokio::test]
async fn numbers_and_depth_survive() {
    let deep = format!("{}1e400{}", "{\"a\":".repeat(200), "}".repeat(200));
    let properties = format!(
        "{{\"deep\":{deep},\"int\":9007199254740993,\"big\":123456789012345678901234567890,\"float\":0.10,\"zero\":-0}}"
    );
    let with = |properties: &str| {
        let id = format!("{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.X/y/z");
        format!("{{\"id\":\"{id}\",\"type\":\"Microsoft.X/y\",\"properties\":{properties}}}\n")
    };
    let place = Place::new();
    assert_eq!(
        place.scan(with(&properties)).await.completeness,
        Completeness::Complete
    );
    assert_eq!(place.scan(with(&properties)).await.changes.len(), 0);
    let changed = place
        .scan(with(&properties.replace("0.10", "0.1").replace("993", "992")))
        .await;
    let changes = changed.changes[0]["changes"].as_array().unwrap();
    let paths: Vec<_> = changes
        .iter()
        .map(|change| change["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["properties.float", "properties.int"]);
}

#[tokio::test]
async fn odd_ids_and_names_are_kept_or_reported() {
    let id = |name: &str| format!("{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.X/y/{name}");
    let object = |id: String| json!({ "id": id, "type": "Microsoft.X/y" });
    let objects = [
        object(id("UPPER lower Zoë 名前")),
        object(id(&"n".repeat(1_900))),
        object(format!(
            "{SUBSCRIPTION}//resourceGroups/g/providers/Microsoft.X/y/doubled"
        )),
        object("/unknown/scope/providers/Microsoft.X/y/z".into()),
        object(id(&"n".repeat(3_000))),
        json!({
            "id": id("odd"), "type": "Microsoft.X/y",
            "tags": { "`back`": "a\"b", "dotted.name": "x\ny", "'quoted'": "" },
            "properties": { "`a`.b": { "c\nd": 1 }, "": { "\"": true } }
        }),
    ];
    let place = Place::new();
    let scanned = place.scan(lines(&objects)).await;
    // Whatever is not in the graph is in the report, by line.
    let missing = scanned.report["problems_total"].as_u64().unwrap();
    assert_eq!(
        scanned.output.resources + missing,
        objects.len() as u64,
        "{}",
        scanned.report["problems"]
    );
    assert!(missing >= 1, "3,000 characters are no ID");
    assert_eq!(place.scan(lines(&objects)).await.changes.len(), 0);
}

#[tokio::test]
async fn a_resource_that_comes_twice_with_other_case_is_one_and_is_reported() {
    let mut upper = resource("web", "one");
    upper["id"] = json!(upper["id"].as_str().unwrap().to_uppercase());
    upper["properties"] = json!({ "minimumTlsVersion": "TLS1_0" });
    let objects = [resource("web", "one"), upper];
    let place = Place::new();
    let first = place.scan(lines(&objects)).await;
    assert_eq!(
        (first.completeness, first.output.resources),
        (Completeness::Complete, 1)
    );
    assert_eq!(first.report["duplicates_total"], 1);
    assert_eq!(first.report["duplicates"][0]["line"], 2);
    // The same file again says nothing new, although its two rows differ.
    let second = place.scan(lines(&objects)).await;
    assert_eq!(counts(&second), (0, 0, 0, first.output.added));
    // Nor does it matter which of them comes first.
    let [lower, upper] = objects;
    let other = Place::new();
    other.scan(lines(&[upper, lower])).await;
    assert_eq!(other.export().await, place.export().await);
}

#[tokio::test]
async fn whoever_left_a_group_is_no_longer_in_it() {
    let group = |members: Value| {
        json!({
            "@odata.type": "#microsoft.graph.group",
            "id": "aaaaaaaa-0000-0000-0000-000000000001",
            "displayName": "readers",
            "members": members,
        })
    };
    let members: Vec<String> = (2..5)
        .map(|n| format!("aaaaaaaa-0000-0000-0000-00000000000{n}"))
        .collect();
    let place = Place::new();
    let relationships =
        async |members: Value| place.scan(lines(&[group(members)])).await.output.relationships;
    assert_eq!(relationships(json!(members)).await, 3);
    assert_eq!(relationships(json!(members[..2])).await, 2);
    assert_eq!(relationships(Value::Null).await, 2, "null is not an empty list");
    assert_eq!(relationships(json!([])).await, 0);
}

#[tokio::test]
async fn a_file_without_its_tenant_is_refused_before_a_job_begins() {
    let place = Place::new();
    let input = place
        .executor
        .put_input(&Default::default(), bytes("[]"))
        .await
        .unwrap();
    let operation = Operation::from_parts("scan", json!({ "input": input.sha256 })).unwrap();
    let error = place
        .executor
        .submit_job(JobRequest::new(operation))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().contains("--tenant-id"), "{error}");
    assert!(error.message().contains("AZURE_TENANT_ID"), "{error}");
}
