use std::io::{self, Read, Write as _};

use atg_sdk::ErrorKind;
use proptest::prelude::*;
use rstest::rstest;

use super::*;

/// Everything that a text holds: layout, objects with their places, problems in words.
#[derive(Debug, PartialEq)]
struct Found {
    layout: Layout,
    objects: Vec<(u64, Option<u64>, String)>,
    problems: Vec<String>,
}

fn split_with(reader: impl Read, limits: Limits) -> Result<Found> {
    collect(Splitter::new(reader, limits)?)
}

fn collect(mut splitter: Splitter<impl Read>) -> Result<Found> {
    let mut found = Found {
        layout: splitter.layout,
        objects: Vec::new(),
        problems: Vec::new(),
    };
    while let Some(batch) = splitter.next()? {
        for element in &batch.elements {
            let text = String::from_utf8(batch.text_of(element).to_vec()).unwrap();
            found
                .objects
                .push((element.place.line, element.place.element, text));
        }
        found
            .problems
            .extend(batch.problems.iter().map(ToString::to_string));
    }
    Ok(found)
}

/// The same with so little in memory that every token is cut somewhere.
fn trickle(text: &str, layout: Layout, read_bytes: usize, batch_bytes: usize) -> Found {
    let limits = Limits {
        read_bytes,
        batch_bytes,
        ..Limits::default()
    };
    let mut text = Text::new(text.as_bytes(), read_bytes);
    text.skip_space();
    collect(Splitter {
        text,
        layout,
        documents: Documents::new(),
        limits,
    })
    .unwrap()
}

fn split(text: &str) -> Found {
    let found = split_with(text.as_bytes(), Limits::default()).unwrap();
    if !text.starts_with('\u{feff}') {
        for step in [1, 3, 7] {
            assert_eq!(trickle(text, found.layout, step, 16), found, "in steps of {step}");
        }
    }
    found
}

fn refusal(text: &[u8]) -> String {
    let error = split_with(text, Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    error.message().to_owned()
}

fn lines_of(found: &Found) -> Vec<u64> {
    found.objects.iter().map(|(line, ..)| *line).collect()
}

#[test]
fn each_line_is_an_object_whatever_ends_it() {
    let found = split("\u{feff}{\"a\":1}\r\n\r\n  {\"a\":2}  \n\t\n{\"a\":3}");
    assert_eq!(found.layout, Layout::Lines);
    assert_eq!(
        found.objects,
        [
            (1, None, "{\"a\":1}".to_owned()),
            (3, None, "{\"a\":2}".to_owned()),
            (5, None, "{\"a\":3}".to_owned())
        ]
    );
    assert_eq!(found.problems, [""; 0]);
}

#[test]
fn an_array_is_split_wherever_its_lines_break() {
    let compact = split(r#"[{"a":"]}\"["},{"a":[{"b":1}]}]"#);
    assert_eq!(compact.layout, Layout::Documents);
    assert_eq!(
        compact.objects,
        [
            (1, Some(1), r#"{"a":"]}\"["}"#.to_owned()),
            (1, Some(2), r#"{"a":[{"b":1}]}"#.to_owned())
        ]
    );
    let pretty = split("\n[\n  {\n    \"a\": \"x\"\n  },\n  {\n    \"a\": {}\n  }\n]\n");
    assert_eq!(lines_of(&pretty), [3, 6]);
    assert_eq!((compact.problems.len(), pretty.problems.len()), (0, 0));
}

#[test]
fn objects_one_after_the_other_need_no_commas() {
    let found = split("{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n");
    assert_eq!((found.layout, lines_of(&found)), (Layout::Documents, vec![1, 4]));
}

#[rstest]
#[case(r#"{"totalRecords":2,"count":2,"data":[{"a":1},{"a":2}],"facets":[],"resultTruncated":"false"}"#)]
#[case(
    "{\n  \"count\": 2,\n  \"data\": [\n    {\"a\":1},\n    {\"a\":2}\n  ],\n  \"skip_token\": null,\n  \"total_records\": 2\n}\n"
)]
#[case(r#"{"value":[{"a":1},{"a":2}],"count":{"type":"Total","value":2}}"#)]
#[case(r#"{"@odata.context":"x","value":[{"a":1},{"a":2}]}"#)]
#[case("{\"value\":[{\"a\":1}],\"nextLink\":\"https://next\"}\n{\"value\":[{\"a\":2}]}\n")]
fn an_answer_hands_out_its_rows(#[case] text: &str) {
    let found = split(text);
    let texts: Vec<_> = found.objects.iter().map(|(.., text)| text.as_str()).collect();
    assert_eq!(texts, [r#"{"a":1}"#, r#"{"a":2}"#]);
    assert_eq!(found.problems, [""; 0]);
}

#[rstest]
#[case(
    r#"{"data":[{"a":1}],"$skipToken":"abc"}"#,
    "the answer goes on behind its 1 rows"
)]
#[case(
    r#"{"$skipToken":"abc","data":[{"a":1}]}"#,
    "the answer goes on behind its 1 rows"
)]
#[case(
    r#"{"totalRecords":740,"data":[{"a":1}],"count":1}"#,
    "the answer holds 1 of 740 rows"
)]
#[case(
    r#"{"data":[{"a":1}],"resultTruncated":"true"}"#,
    "Azure cut the answer after 1 rows"
)]
#[case(
    r#"{"value":[{"a":1}],"nextLink":"https://next"}"#,
    "the answer goes on behind its 1 rows"
)]
#[case(
    r#"{"value":[{"a":1}],"@odata.nextLink":"https://next"}"#,
    "the answer goes on behind its 1 rows"
)]
fn an_answer_that_is_not_all_says_so(#[case] text: &str, #[case] words: &str) {
    let found = split(text);
    assert_eq!(found.objects.len(), 1);
    assert_eq!(found.problems.len(), 1);
    assert!(found.problems[0].starts_with(words), "{:?}", found.problems);
}

#[test]
fn an_object_with_a_member_named_like_an_answers_is_an_object() {
    for text in [
        r#"{"id":"/x","value":[{"a":1}]}"#,
        r##"{"@odata.type":"#microsoft.graph.user","id":"1","value":[]}"##,
        "{\n\"id\": \"/x\",\n\"data\": [\n{\"a\":1}\n]}",
        r#"{"value":"text"}"#,
    ] {
        assert_eq!(split(text).objects.len(), 1, "{text}");
        assert_eq!(split(text).objects[0].2, text);
    }
}

#[test]
fn an_empty_array_and_an_empty_answer_hold_nothing() {
    for text in ["[]", " [ \n ] ", r#"{"value":[]}"#] {
        assert_eq!(split(text).objects.len(), 0, "{text}");
        assert_eq!(split(text).problems.len(), 0, "{text}");
    }
}

#[test]
fn a_bad_first_line_is_a_line_among_others() {
    for first in [
        "WARNING: retrying",
        "{\"id\": tru",
        "{\"id\":\"/x\",\"a\":{",
        "\"text\"",
    ] {
        let found = split(&format!("{first}\n{{\"a\":1}}\n{{\"a\":2}}\n"));
        assert_eq!(
            (found.layout, lines_of(&found)),
            (Layout::Lines, vec![1, 2, 3]),
            "{first}"
        );
    }
}

#[rstest]
#[case(b" \n\t\n", "there is nothing in it")]
#[case(b"\xef\xbb\xbf", "there is nothing in it")]
#[case(b"hello\nworld\n", "it is not JSON")]
#[case(b"<html></html>", "it is not JSON")]
#[case(b"123", "it is not JSON")]
#[case(
    b"{\"format\":\"atg-graph\",\"version\":1}\n{\"node\":{}}\n",
    "use `atg import FILE`"
)]
#[case(b"{\"count\":1,\"data\":{\"columns\":[],\"rows\":[]}}", "table format")]
fn what_cannot_be_a_source_is_refused(#[case] text: &[u8], #[case] words: &str) {
    assert!(refusal(text).contains(words), "{}", refusal(text));
}

/// A limit that tests can pass without writing fifty million bytes.
fn small() -> Limits {
    Limits {
        element_bytes: 600 * 1024,
        ..Limits::default()
    }
}

#[rstest]
#[case("", "\n", "", vec![1, 3], "line 2: longer than")]
#[case("[", ",\n", "]", vec![1, 3], "line 2 (element 2): longer than")]
#[case("[", ",", "]", vec![1, 1], "line 1 (element 2): longer than")]
#[case("{\"value\":[", ",\n", "]}", vec![1, 3], "line 2 (element 2): longer than")]
fn an_object_past_the_limit_is_refused_by_its_place(
    #[case] open: &str,
    #[case] between: &str,
    #[case] close: &str,
    #[case] lines: Vec<u64>,
    #[case] words: &str,
) {
    for length in [small().element_bytes, 5 * 1024 * 1024] {
        let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(length));
        let text = [open, &[r#"{"a":1}"#, &huge, r#"{"a":3}"#].join(between), close].concat();
        let found = split_with(text.as_bytes(), small()).unwrap();
        assert_eq!(lines_of(&found), lines);
        assert_eq!(found.problems.len(), 1);
        assert!(found.problems[0].starts_with(words), "{:?}", found.problems);
    }
}

#[test]
fn a_damaged_object_of_an_array_costs_no_other_where_lines_tell() {
    for damaged in [
        "{\"a\": \"no end},",
        "{\"a\": {\"b\": 2,",
        "{\"a\": [2},",
        "{\"a\": 2}},",
        "{\"a\": 2}",
        "oops,",
    ] {
        let text = format!("[\n  {{\"a\":1}},\n  {damaged}\n  {{\"a\":3}},\n  {{\"a\":4}}\n]\n");
        let found = split(&text);
        let texts: Vec<_> = found.objects.iter().map(|(.., text)| text.as_str()).collect();
        assert!(texts.starts_with(&[r#"{"a":1}"#]), "{damaged}: {texts:?}");
        assert!(
            texts.ends_with(&[r#"{"a":3}"#, r#"{"a":4}"#]),
            "{damaged}: {texts:?}"
        );
        assert!(
            found
                .problems
                .iter()
                .all(|problem| problem.starts_with("line 3") || problem.starts_with("line 4")),
            "{damaged}: {:?}",
            found.problems
        );
    }
}

#[test]
fn a_damaged_object_on_a_single_line_ends_what_can_be_read_and_says_so() {
    let found = split(r#"[{"a":1} {"a":2},{"a":3}]"#);
    assert_eq!(found.objects.len(), 1);
    assert_eq!(
        found.problems,
        ["line 1: `{` where `,` or the end of the array was expected; what follows could not be read"]
    );
}

#[test]
fn an_array_that_ends_early_keeps_what_was_whole() {
    let found = split("[\n {\"a\":1},\n {\"a\":2},\n {\"a\":");
    assert_eq!(found.objects.len(), 2);
    assert_eq!(
        found.problems,
        ["line 4 (element 3): the text ends in the middle of a value"]
    );
    let unclosed = split("[\n {\"a\":1}\n");
    assert_eq!((unclosed.objects.len(), unclosed.problems.len()), (1, 1));
}

fn damaged_gzip(text: &str, cut: usize) -> Found {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(text.as_bytes()).unwrap();
    let mut packed = encoder.finish().unwrap();
    packed.truncate(packed.len() - cut);
    let bytes = Bytes::new(io::Cursor::new(packed), Arc::default(), Arc::default()).unwrap();
    split_with(bytes, Limits::default()).unwrap()
}

#[test]
fn what_a_truncated_file_holds_is_kept_and_the_rest_is_said_to_be_missing() {
    let lines = damaged_gzip("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", 12);
    assert_eq!(lines_of(&lines), [1, 2]);
    assert_eq!(lines.problems.len(), 1);
    assert!(
        lines.problems[0].starts_with("the packed data is damaged or cut off"),
        "{:?}",
        lines.problems
    );
    let array = damaged_gzip("[{\"a\":1},\n{\"a\":2},\n{\"a\":3}]\n", 14);
    assert_eq!((array.objects.len(), array.problems.len()), (2, 1));
}

#[test]
fn an_error_of_the_file_itself_is_an_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let whole = io::Cursor::new(b"{\"a\":1}\n{\"a\":2}\n".to_vec()).chain(Broken);
    let bytes = Bytes::new(whole, Arc::default(), Arc::default()).unwrap();
    let error = split_with(bytes, Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

/// The same object again and again, as long as wanted.
struct Endless {
    left: usize,
    unit: &'static [u8],
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.left);
        for byte in &mut buffer[..count] {
            *byte = self.unit[self.at];
            self.at = (self.at + 1) % self.unit.len();
        }
        self.left -= count;
        Ok(count)
    }
}

#[rstest]
#[case(b"", b"{\"id\":\"/x\",\"properties\":{\"a\":[1,2,3]}}\n")]
#[case(b"[{}\n", b",{\"id\":\"/x\",\"properties\":{\"a\":[1,2,3]}}\n")]
#[case(b"{\"value\":[{}", b",{\"id\":\"/x\",\"properties\":{\"a\":[1,2,3]}}")]
#[case(
    b"{\"a\":1}\n{\"endless line\":\"",
    b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
)]
#[case(b"[", b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
#[case(b"[{}\noops", b"no end of damage \n")]
fn memory_does_not_grow_with_the_text(#[case] begin: &'static [u8], #[case] unit: &'static [u8]) {
    const TOTAL: usize = 12 * 1024 * 1024;
    let limits = Limits {
        element_bytes: 256 * 1024,
        batch_bytes: 64 * 1024,
        read_bytes: 16 * 1024,
        ..Limits::default()
    };
    let endless = Endless {
        left: TOTAL,
        unit,
        at: 0,
    };
    let mut splitter = Splitter::new(begin.chain(endless), limits).unwrap();
    let (mut batches, mut held) = (0, 0);
    while let Some(batch) = splitter.next().unwrap() {
        batches += 1;
        // The first million bytes were looked at before anything was handed out.
        if batches > 40 && held == 0 {
            splitter.text.buffer.shrink_to_fit();
        }
        if batches > 40 {
            held = held.max(batch.text.len() + splitter.text.buffer.capacity());
        }
    }
    let at_end = splitter.text.buffer.len();
    assert!(
        held < 2 * limits.batch_bytes + 2 * limits.element_bytes,
        "{held} bytes at once"
    );
    // A text that cannot be read on is left where it is.
    assert!(at_end < 2 * 1024 * 1024, "{at_end} bytes at the end");
}

fn any_object() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(serde_json::Value::from),
        ".{0,12}".prop_map(Into::into),
        "[\\[\\]{}\",:\\\\\n ]{0,12}".prop_map(Into::into),
    ];
    let value = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((".{0,6}", inner), 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    });
    prop::collection::vec(value, 1..4).prop_map(|values| serde_json::json!({ "id": "/x", "v": values }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_layout_gives_the_same_objects(
        objects in prop::collection::vec(any_object(), 1..8),
        step in 1_usize..40,
        batch_bytes in 1_usize..200,
    ) {
        let array = serde_json::Value::from(objects.clone());
        let answer = serde_json::json!({ "count": objects.len(), "value": array });
        let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap();
        let texts = [
            objects.iter().map(|object| format!("{object}\n")).collect::<String>(),
            objects.iter().map(pretty).collect::<Vec<_>>().join("\n"),
            array.to_string(),
            pretty(&array),
            answer.to_string(),
            pretty(&answer),
        ];
        for text in texts {
            let found = split_with(text.as_bytes(), Limits::default()).unwrap();
            prop_assert_eq!(&trickle(&text, found.layout, step, batch_bytes), &found);
            prop_assert_eq!(&found.problems, &Vec::<String>::new());
            let read: Vec<serde_json::Value> =
                found.objects.iter().map(|(.., text)| serde_json::from_str(text).unwrap()).collect();
            prop_assert_eq!(&read, &objects);
        }
    }

    /// Whatever is damaged: no panic, no endless loop, and nothing is lost in silence.
    #[test]
    fn damage_is_survived_and_reported(
        objects in prop::collection::vec(any_object(), 2..6),
        pretty in any::<bool>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let array = serde_json::Value::from(objects.clone());
        let mut text = if pretty { serde_json::to_vec_pretty(&array) } else { serde_json::to_vec(&array) }.unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(mut splitter) = Splitter::new(&text[..], Limits::default()) {
            let (mut sound, mut problems) = (0, 0);
            while let Some(batch) = splitter.next().unwrap() {
                problems += batch.problems.len();
                for element in &batch.elements {
                    match crate::json::Json::parse(batch.text_of(element)) {
                        Ok(_) => sound += 1,
                        Err(_) => problems += 1,
                    }
                }
            }
            prop_assert!(sound >= objects.len() || problems > 0, "{sound} of {}", objects.len());
        }
    }
}
