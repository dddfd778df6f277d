//! Tags and regions: values that resources share.
//!
//! | Node | ID | Further properties |
//! |---|---|---|
//! | `Region` | `region:westeurope` | |
//! | `Tag` | `tag:<lower-cased name>=<value>` | `tag_name`, `tag_value` |
//!
//! A tag's name compares without case in Azure and its value with case, but keys are lower-cased IDs. So whatever
//! lower-casing would change in the value, and `%`, `/` and control characters, stand as `%` and two hexadecimal digits
//! for each byte; in the name also `=`. Two tags have one ID only if Azure takes them for one.

use atg_sdk::azure::Location;

use super::Describer;
use crate::{
    graph::{Described, Node, NodeClass, Standing, Value, node_key},
    json::Json,
};

/// The ID of a region's node.
#[must_use]
pub fn region_id(location: &Location) -> String {
    let mut id = "region:".to_owned();
    escape(location.as_str(), false, &mut id);
    id
}

/// The ID of a tag's node.
#[must_use]
pub fn tag_id(name: &str, value: &str) -> String {
    let mut id = "tag:".to_owned();
    escape(&name.to_lowercase(), true, &mut id);
    id.push('=');
    escape(value, false, &mut id);
    id
}

fn escape(text: &str, equals_too: bool, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut bytes = [0; 4];
    for c in text.chars() {
        let plain = c.is_ascii_lowercase()
            || c.is_ascii_digit()
            || !(matches!(c, '%' | '/') || c.is_control() || (equals_too && c == '=') || changes(c));
        if plain {
            out.push(c);
            continue;
        }
        for byte in c.encode_utf8(&mut bytes).bytes() {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

fn changes(c: char) -> bool {
    let mut lower = c.to_lowercase();
    lower.next() != Some(c) || lower.next().is_some()
}

/// What a tag's value is in text. A redacted one is nobody's value: all of them share one node.
pub(super) fn tag_text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        Json::Object(members) if members.iter().any(|(name, _)| name == super::redact::MARK) => {
            super::redact::MARK.to_owned()
        }
        other => other.to_string(),
    }
}

impl Describer {
    pub(super) fn region_node(&self, id: &str, location: &Location) -> Described {
        self.value_node(id, location.as_str().to_owned(), "Region", Vec::new())
    }

    pub(super) fn tag_node(&self, id: &str, name: &str, value: &str) -> Described {
        let members = vec![
            ("tag_name".to_owned(), Value::from(name)),
            ("tag_value".to_owned(), Value::from(value)),
        ];
        self.value_node(id, format!("{name}={value}"), "Tag", members)
    }

    fn value_node(
        &self,
        id: &str,
        name: String,
        label: &'static str,
        members: Vec<(String, Value)>,
    ) -> Described {
        Described {
            node: Node {
                key: node_key(self.tenant, id),
                id: id.to_owned(),
                name,
                class: NodeClass::Value,
                labels: vec![label.into()],
                resource_type: None,
                members,
                properties: None,
                scalars: Vec::new(),
                source: self.source,
                standing: Standing::Implied,
            },
            references: Vec::new(),
            lists: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_readable_and_survive_lower_casing() {
        assert_eq!(region_id(&Location::from("West Europe")), "region:westeurope");
        assert_eq!(tag_id("Env", "prod"), "tag:env=prod");
        assert_eq!(tag_id("Env", "Prod"), "tag:env=%50rod");
        assert_eq!(tag_id("a=b", "c"), "tag:a%3db=c");
        assert_eq!(tag_id("a", "b=c"), "tag:a=b=c");
        assert_eq!(tag_id("path", "x/"), "tag:path=x%2f");
    }

    proptest! {
        #[test]
        fn two_tags_share_a_key_only_if_azure_takes_them_for_one(
            a in ("[aA=%/İΣ ]{1,3}", "[bB=%/İΣς ]{0,4}"),
            b in ("[aA=%/İΣ ]{1,3}", "[bB=%/İΣς ]{0,4}"),
        ) {
            let tenant = "00000000-0000-0000-0000-000000000001".parse().unwrap();
            let same = a.0.to_lowercase() == b.0.to_lowercase() && a.1 == b.1;
            let keys = node_key(tenant, &tag_id(&a.0, &a.1)) == node_key(tenant, &tag_id(&b.0, &b.1));
            prop_assert_eq!(same, keys);
        }
    }
}
