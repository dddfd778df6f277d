//! Places in a body: `properties.ipConfigurations[0].name`.

use atg_json::Json;

/// A place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(usize),
}

/// Members that are said by words of their own.
const ELSEWHERE: &[(&str, &str)] = &[
    ("location", "use region"),
    ("tags", "use tag and untag"),
    ("name", "use rename"),
    ("id", "it is made of the name and what it lies in"),
    ("type", "a resource cannot become another"),
    ("identity", "identities are taken as they are"),
];

impl Path {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let (name, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
            if name.is_empty() {
                return Err("a name is empty: a path is like properties.rules[0].name".to_owned());
            }
            steps.push(Step::Name(name.to_owned()));
            while !rest.is_empty() {
                let inner = rest
                    .strip_prefix('[')
                    .and_then(|rest| rest.split_once(']'))
                    .and_then(|(number, rest)| Some((number.parse().ok()?, rest)));
                let Some((number, after)) = inner else {
                    return Err("an index is a number in brackets: [0]".to_owned());
                };
                steps.push(Step::Index(number));
                rest = after;
            }
        }
        if let Some(Step::Name(first)) = steps.first()
            && let Some((_, advice)) = ELSEWHERE
                .iter()
                .find(|(name, _)| first.eq_ignore_ascii_case(name))
        {
            return Err((*advice).to_owned());
        }
        Ok(Self(steps))
    }

    /// Puts a value there; objects on the way are made.
    pub(super) fn set(&self, body: &mut Vec<(String, Json)>, value: Json) -> Result<(), String> {
        let mut whole = Json::Object(std::mem::take(body));
        let done = set(&mut whole, &self.0, value);
        if let Json::Object(members) = whole {
            *body = members;
        }
        done
    }

    /// Takes the value there away, if there is one.
    pub(super) fn unset(&self, body: &mut Vec<(String, Json)>) {
        let mut whole = Json::Object(std::mem::take(body));
        unset(&mut whole, &self.0);
        if let Json::Object(members) = whole {
            *body = members;
        }
    }
}

fn set(at: &mut Json, steps: &[Step], value: Json) -> Result<(), String> {
    let Some((step, rest)) = steps.split_first() else {
        *at = value;
        return Ok(());
    };
    match (step, at) {
        (Step::Name(name), Json::Object(members)) => {
            let found = members.iter().position(|(own, _)| own == name);
            let place = found.unwrap_or_else(|| {
                members.push((name.clone(), Json::Object(Vec::new())));
                members.len() - 1
            });
            set(&mut members[place].1, rest, value)
        }
        (Step::Index(number), Json::Array(items)) => match items.get_mut(*number) {
            Some(item) => set(item, rest, value),
            None => Err(format!("the list has no element {number}")),
        },
        (Step::Name(name), _) => Err(format!("`{}` is set in what is no object", name.escape_debug())),
        (Step::Index(number), _) => Err(format!("element {number} is set in what is no list")),
    }
}

fn unset(at: &mut Json, steps: &[Step]) {
    match (steps, at) {
        ([Step::Name(name)], Json::Object(members)) => members.retain(|(own, _)| own != name),
        ([Step::Index(number)], Json::Array(items)) if *number < items.len() => {
            items.remove(*number);
        }
        ([Step::Name(name), rest @ ..], Json::Object(members)) => {
            if let Some((_, value)) = members.iter_mut().find(|(own, _)| own == name) {
                unset(value, rest);
            }
        }
        ([Step::Index(number), rest @ ..], Json::Array(items)) => {
            if let Some(item) = items.get_mut(*number) {
                unset(item, rest);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Vec<(String, Json)> {
        match Json::parse(text.as_bytes()) {
            Ok(Json::Object(members)) => members,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_are_set_and_taken_away() {
        let mut own = body(r#"{"properties":{"rules":[{"a":1},{"a":2}]}}"#);
        Path::parse("properties.rules[1].a")
            .unwrap()
            .set(&mut own, Json::from(3))
            .unwrap();
        Path::parse("sku.name")
            .unwrap()
            .set(&mut own, Json::from("B1"))
            .unwrap();
        Path::parse("properties.rules[0]").unwrap().unset(&mut own);
        Path::parse("properties.none.deep").unwrap().unset(&mut own);
        assert_eq!(
            own,
            body(r#"{"properties":{"rules":[{"a":3}]},"sku":{"name":"B1"}}"#)
        );
        let error = Path::parse("properties.rules[7]")
            .unwrap()
            .set(&mut own, Json::Null)
            .unwrap_err();
        assert!(error.contains("no element 7"), "{error}");
        let error = Path::parse("sku.name.x")
            .unwrap()
            .set(&mut own, Json::Null)
            .unwrap_err();
        assert!(error.contains("no object"), "{error}");
    }

    #[test]
    fn what_has_words_of_its_own_is_said_by_them() {
        assert_eq!(Path::parse("tags.env").unwrap_err(), "use tag and untag");
        assert!(Path::parse("a..b").is_err() && Path::parse("a[x]").is_err() && Path::parse("a[0").is_err());
    }
}
