use std::cmp::Ordering;

use rstest::rstest;

use super::{compare::Comparable, *};

fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::list(items.into_iter().collect())
}

fn map(items: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let mut map = Map::default();
    items
        .into_iter()
        .for_each(|(name, value)| map.set(name.into(), value));
    Value::map(map)
}

#[rstest]
#[case(Value::Int(1), Value::Float(1.0), Some(true))]
#[case(Value::Int(1), Value::text("1"), Some(false))]
#[case(Value::Int(1), Value::Bool(true), Some(false))]
#[case(Value::Null, Value::Null, None)]
#[case(Value::Float(f64::NAN), Value::Float(f64::NAN), Some(false))]
#[case(Value::Int(i64::MAX), Value::Float(9_223_372_036_854_775_808.0), Some(true))]
#[case(list([Value::Int(1), Value::Null]), list([Value::Int(1), Value::Null]), None)]
#[case(list([Value::Null, Value::Int(1)]), list([Value::Int(1), Value::Int(2)]), Some(false))]
#[case(list([Value::Null]), list([Value::Null, Value::Null]), Some(false))]
#[case(map([("a", Value::Int(1)), ("b", Value::Int(2))]), map([("b", Value::Int(2)), ("a", Value::Int(1))]), Some(true))]
#[case(map([("a", Value::Null)]), map([("b", Value::Null)]), Some(false))]
#[case(map([("a", Value::Null)]), map([("a", Value::Null)]), None)]
fn equality_has_three_truth_values(#[case] a: Value, #[case] b: Value, #[case] expected: Option<bool>) {
    assert_eq!(equal(&a, &b), expected);
    assert_eq!(equal(&b, &a), expected);
}

#[test]
fn kinds_that_do_not_compare_are_unknown() {
    assert_eq!(compare(&Value::Int(1), &Value::text("a")), Comparable::Unknown);
    assert_eq!(
        compare(&Value::Int(1), &Value::Float(f64::NAN)),
        Comparable::Unordered
    );
    assert_eq!(
        compare(&Value::Int(i64::MAX), &Value::Float(9.3e18)),
        Comparable::Ordered(Ordering::Less)
    );
    assert_eq!(
        compare(&Value::Float(-1.5), &Value::Int(-1)),
        Comparable::Ordered(Ordering::Less)
    );
    assert_eq!(
        compare(&Value::Int(-1), &Value::Float(-1.5)),
        Comparable::Ordered(Ordering::Greater)
    );
}

#[test]
fn the_order_spans_all_kinds() {
    let ascending = [
        map([("a", Value::Int(1))]),
        Value::Node(Node { id: 1, known: None }),
        list([Value::Int(1)]),
        list([Value::Int(1), Value::Int(0)]),
        list([Value::Null]),
        Value::text("b"),
        Value::Bool(false),
        Value::Bool(true),
        Value::Float(-1.5),
        Value::Int(2),
        Value::Float(2.5),
        Value::Float(f64::INFINITY),
        Value::Float(f64::NAN),
        Value::Null,
    ];
    for (i, a) in ascending.iter().enumerate() {
        for (j, b) in ascending.iter().enumerate() {
            assert_eq!(order(a, b), i.cmp(&j), "{a:?} {b:?}");
        }
    }
}

#[test]
fn grouping_merges_equivalent_values_only() {
    let key = |value: &Value| {
        let mut bytes = Vec::new();
        group_key(value, &mut bytes);
        bytes
    };
    assert_eq!(key(&Value::Int(1)), key(&Value::Float(1.0)));
    assert_ne!(key(&Value::Float(f64::NAN)), key(&Value::Float(f64::NAN)));
    assert_eq!(key(&list([Value::Null])), key(&list([Value::Null])));
    assert_ne!(key(&Value::Int(1)), key(&Value::text("1")));
    assert_ne!(key(&Value::Float(0.5)), key(&Value::Float(0.25)));
    assert_ne!(
        key(&list([list([]), Value::Null])),
        key(&list([list([Value::Null])]))
    );
}

#[rstest]
#[case(1.0, "1.0")]
#[case(1e7, "1.0E7")]
#[case(9_999_999.0, "9999999.0")]
#[case(0.001, "0.001")]
#[case(0.0001, "1.0E-4")]
#[case(123_456_789.125, "1.23456789125E8")]
#[case(-0.0, "-0.0")]
#[case(f64::NEG_INFINITY, "-Infinity")]
#[case(f64::MAX, "1.7976931348623157E308")]
fn floats_are_written_as_java_does(#[case] value: f64, #[case] text: &str) {
    assert_eq!(float_text(value), text);
}
