//! Bodies: each object of a list is redacted by itself, as the graph redacts it, so that what is put in a secret's place
//! says the same in both.

use atg_json::{Json, write_string};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::address;

type Redact<'a> = &'a (dyn Fn(&mut Json) + Send + Sync);

/// Members that lead to the next page. They must lead there in the replay too.
const CURSORS: [&str; 2] = ["$skiptoken", "skiptoken"];
const LINKS: [&str; 2] = ["nextlink", "deltalink"];
/// Lists: of Resource Manager and Microsoft Graph, and of Resource Graph.
const LISTS: [&str; 2] = ["value", "data"];

/// The members of an object in their order, not looked into.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Take;

        impl<'de> Visitor<'de> for Take {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Take)
    }
}

/// The body in one line; `None` where it is no JSON.
pub(super) fn clean(body: &[u8], redact: Redact<'_>) -> Option<String> {
    let whole: &RawValue = serde_json::from_slice(body).ok()?;
    let mut out = String::with_capacity(body.len());
    answer(whole, redact, &mut out);
    Some(out)
}

/// An answer: a list, a batch of answers, or one object.
fn answer(raw: &RawValue, redact: Redact<'_>, out: &mut String) {
    let Ok(Members(members)) = serde_json::from_str::<Members<'_>>(raw.get()) else {
        return object(raw, None, redact, out);
    };
    let list = |names: &[&str]| {
        members
            .iter()
            .any(|(name, value)| names.contains(&name.as_str()) && value.get().starts_with('['))
    };
    if !list(&LISTS) && !list(&["responses"]) {
        let kind = context_kind(&members);
        return object(raw, kind.as_deref(), redact, out);
    }
    let kind = context_kind(&members);
    out.push('{');
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(name, out);
        out.push(':');
        member(name, value, kind.as_deref(), redact, out);
    }
    out.push('}');
}

fn member(name: &str, value: &RawValue, kind: Option<&str>, redact: Redact<'_>, out: &mut String) {
    let lower = name.to_ascii_lowercase();
    let text = || serde_json::from_str::<String>(value.get()).ok();
    if let (true, Ok(items)) = (
        LISTS.contains(&name),
        serde_json::from_str::<Vec<&RawValue>>(value.get()),
    ) {
        return array(&items, out, |item, out| object(item, kind, redact, out));
    }
    if let (true, Ok(parts)) = (
        name == "responses",
        serde_json::from_str::<Vec<&RawValue>>(value.get()),
    ) {
        return array(&parts, out, |part, out| part_of_batch(part, redact, out));
    }
    // Opaque, and needed: the next request has it.
    if CURSORS.contains(&&*lower)
        && let Some(text) = text()
    {
        return write_string(&text, out);
    }
    if LINKS.iter().any(|link| lower.ends_with(link))
        && let Some(text) = text()
    {
        return write_string(&address::clean(&text), out);
    }
    // Anything else beside a list is an object's member like others: its name has a say.
    match Json::parse(value.get().as_bytes()) {
        Ok(value) => {
            let mut wrapped = Json::Object(vec![(name.to_owned(), value)]);
            redact(&mut wrapped);
            wrapped.get(name).unwrap_or(&Json::Null).write_to(out);
        }
        Err(error) => unreadable(&error.to_string(), out),
    }
}

fn array(items: &[&RawValue], out: &mut String, mut each: impl FnMut(&RawValue, &mut String)) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        each(item, out);
    }
    out.push(']');
}

/// One answer of a batch: its body is an answer like any other, and of its headers only the wait is needed.
fn part_of_batch(raw: &RawValue, redact: Redact<'_>, out: &mut String) {
    let Ok(Members(members)) = serde_json::from_str::<Members<'_>>(raw.get()) else {
        return object(raw, None, redact, out);
    };
    out.push('{');
    let kept = members
        .iter()
        .filter(|(name, _)| ["id", "status", "headers", "body"].contains(&name.as_str()));
    for (index, (name, value)) in kept.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(name, out);
        out.push(':');
        match name.as_str() {
            "body" => answer(value, redact, out),
            "headers" => headers(value, out),
            _ => object(value, None, redact, out),
        }
    }
    out.push('}');
}

fn headers(raw: &RawValue, out: &mut String) {
    out.push('{');
    if let Ok(Members(members)) = serde_json::from_str::<Members<'_>>(raw.get()) {
        let kept = members
            .iter()
            .filter(|(name, _)| super::Cleaner::keeps_header(&name.to_ascii_lowercase()))
            .filter_map(|(name, value)| Some((name, serde_json::from_str::<String>(value.get()).ok()?)));
        for (index, (name, value)) in kept.enumerate() {
            if index > 0 {
                out.push(',');
            }
            write_string(name, out);
            out.push(':');
            write_string(&value, out);
        }
    }
    out.push('}');
}

/// One object, redacted as the graph redacts it.
fn object(raw: &RawValue, kind: Option<&str>, redact: Redact<'_>, out: &mut String) {
    match Json::parse(raw.get().as_bytes()) {
        Ok(mut value) => {
            let hint = kind.filter(|_| value.get("@odata.type").is_none());
            // Lists of one kind do not name it on each object, and the rules go by it.
            if let (Some(kind), Json::Object(members)) = (hint, &mut value) {
                members.push(("@odata.type".to_owned(), Json::from(kind)));
            }
            redact(&mut value);
            if let (Some(_), Json::Object(members)) = (hint, &mut value) {
                members.pop();
            }
            value.write_to(out);
        }
        // A member that stands there twice, for example: nobody could describe it either.
        Err(error) => unreadable(&error.to_string(), out),
    }
}

fn unreadable(error: &str, out: &mut String) {
    out.push_str("{\"$unreadable\":");
    write_string(error, out);
    out.push('}');
}

/// What Microsoft Graph says that a list is of: `…/$metadata#applications(id,keyCredentials)` is of applications.
fn context_kind(members: &[(String, &RawValue)]) -> Option<String> {
    let (_, context) = members.iter().find(|(name, _)| name == "@odata.context")?;
    let context: String = serde_json::from_str(context.get()).ok()?;
    let (_, fragment) = context.split_once('#')?;
    let name = fragment.split(['(', '/']).next()?;
    let singular = name.strip_suffix('s').filter(|name| !name.is_empty())?;
    Some(format!("#microsoft.graph.{singular}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replaces each text below a member that is called `secret`, by its path.
    fn redact(value: &mut Json) {
        fn walk(value: &mut Json, path: &str) {
            match value {
                Json::Object(members) => {
                    let is_mark = members.len() == 1 && members[0].0 == "$redacted";
                    for (name, value) in members.iter_mut().filter(|_| !is_mark) {
                        let path = format!("{path}.{name}");
                        if name == "secret" && value.as_str().is_some() {
                            *value = Json::Object(vec![("$redacted".into(), Json::from(path))]);
                        } else {
                            walk(value, &path);
                        }
                    }
                }
                Json::Array(items) => {
                    for (index, item) in items.iter_mut().enumerate() {
                        walk(item, &format!("{path}[{index}]"));
                    }
                }
                _ => {}
            }
        }
        walk(value, "");
    }

    fn cleaned(body: &str) -> String {
        let once = clean(body.as_bytes(), &redact).unwrap();
        assert_eq!(clean(once.as_bytes(), &redact).unwrap(), once, "twice is once");
        once
    }

    #[test]
    fn an_item_is_redacted_as_if_it_stood_alone() {
        let item = r#"{"id":"/a","properties":{"secret":"canary","size":1.0}}"#;
        let mut alone = Json::parse(item.as_bytes()).unwrap();
        redact(&mut alone);
        for name in ["value", "data"] {
            let list = format!("{{\"{name}\": [\n {item} ],\"nextLink\":\"https://h/x?$skiptoken=a\"}}");
            assert_eq!(
                cleaned(&list),
                format!("{{\"{name}\":[{alone}],\"nextLink\":\"https://h/x?$skiptoken=a\"}}")
            );
        }
        assert_eq!(cleaned(item), alone.to_string());
    }

    #[test]
    fn cursors_stay_and_whatever_else_stands_beside_a_list_is_redacted() {
        let text = cleaned(
            r#"{"secret":"canary","data":[],"$skipToken":"ey123","@odata.deltaLink":"https://h/?sig=canary&$deltatoken=t"}"#,
        );
        assert!(!text.contains("canary"), "{text}");
        assert!(
            text.contains(r#""$skipToken":"ey123""#) && text.contains("deltatoken"),
            "{text}"
        );
    }

    #[test]
    fn the_answers_of_a_batch_are_answers() {
        let text = cleaned(
            r#"{"responses":[{"id":"1","status":200,"headers":{"Retry-After":"3","Set-Cookie":"canary"},
               "body":{"@odata.context":"https://g/v1.0/$metadata#users(id)","value":[{"id":"u","secret":"canary"}]}}]}"#,
        );
        assert_eq!(
            text,
            r#"{"responses":[{"id":"1","status":200,"headers":{"Retry-After":"3"},"body":{"@odata.context":"https://g/v1.0/$metadata#users(id)","value":[{"id":"u","secret":{"$redacted":".secret"}}]}}]}"#
        );
    }

    #[test]
    fn the_kind_of_a_list_is_known_to_the_rules_and_not_kept() {
        let by_kind = |value: &mut Json| {
            let is_application =
                value.get("@odata.type").and_then(Json::as_str) == Some("#microsoft.graph.application");
            if let (true, Json::Object(members)) = (is_application, value) {
                members.retain(|(name, _)| name != "key");
            }
        };
        let body = |list: &str| {
            format!(
                r#"{{"@odata.context":"https://g/v1.0/$metadata#{list}","value":[{{"id":"a","key":"k"}}]}}"#
            )
        };
        let of = |list: &str| clean(body(list).as_bytes(), &by_kind).unwrap();
        for list in ["applications", "applications(id,key)", "applications/$entity"] {
            assert!(of(list).ends_with(r#""value":[{"id":"a"}]}"#), "{list}");
        }
        assert!(of("users").contains("\"key\""));
    }

    #[test]
    fn an_item_that_cannot_be_read_is_not_kept() {
        let text = cleaned(r#"{"value":[{"id":"/a"},{"a":1,"a":"canary"}]}"#);
        assert!(!text.contains("canary") && text.contains("$unreadable"), "{text}");
        assert_eq!(clean(b"{\"value\":[", &redact), None);
    }
}
