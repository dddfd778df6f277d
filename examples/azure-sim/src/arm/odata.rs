//! The part of OData's `$filter` that Azure's lists understand.

use serde_json::Value;

use crate::{
    error,
    web::{Call, Reply},
};

/// A condition on a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Compare(String, Comparison, Value),
    /// `name in ('a', 'b')`
    In(String, Vec<Value>),
    /// `startswith(name, 'x')` and its like, and functions such as `atScope()`, all lower-cased.
    Function(String, Vec<Argument>),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// What stands between the parentheses of a function.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Argument {
    Path(String),
    Literal(Value),
}

impl Filter {
    /// The filter of a request, if it has one.
    pub(crate) fn of(call: &Call) -> Result<Option<Self>, Reply> {
        let Some(text) = call.parameter("$filter").filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        Self::parse(text).map(Some).ok_or_else(|| {
            error::arm(
                400,
                "InvalidFilterInQueryString",
                format!("Invalid $filter '{text}' specified in the query string."),
            )
        })
    }

    /// Reads a filter.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens };
        let filter = parser.any()?;
        parser.tokens.is_empty().then_some(filter)
    }

    /// Whether the filter calls that function anywhere.
    pub(crate) fn calls(&self, name: &str) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.calls(name)),
            Self::Not(part) => part.calls(name),
            Self::Function(known, _) => known == name,
            Self::Compare(..) | Self::In(..) => false,
        }
    }

    /// Whether a row fulfils it. Functions about scopes are the list's business and fulfilled by every row.
    pub(crate) fn admits(&self, row: &Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.admits(row)),
            Self::Any(parts) => parts.iter().any(|part| part.admits(row)),
            Self::Not(part) => !part.admits(row),
            Self::Compare(path, comparison, value) => compare(row, path, *comparison, value),
            Self::In(path, values) => values
                .iter()
                .any(|value| compare(row, path, Comparison::Equal, value)),
            Self::Function(name, arguments) => function(row, name, arguments),
        }
    }
}

fn compare(row: &Value, path: &str, comparison: Comparison, value: &Value) -> bool {
    let Some(found) = lookup(row, path) else {
        return (comparison == Comparison::Equal && value.is_null())
            || (comparison == Comparison::NotEqual && !value.is_null());
    };
    let order = match (&found, value) {
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()),
        // Azure's own `tagName` and `tagValue` are in `tags`, whose names and values `lookup` lists.
        (Value::Array(items), value) => {
            let has = items.iter().any(|item| equal(item, value));
            return if comparison == Comparison::NotEqual {
                !has
            } else {
                has
            };
        }
        (a, b) => Some(text(a).cmp(&text(b))),
    };
    order.is_some_and(|order| match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
    })
}

fn equal(a: &Value, b: &Value) -> bool {
    text(a) == text(b)
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_lowercase)
}

/// The value at a path: a member, a member of `properties`, or one of the names that only filters have.
fn lookup(row: &Value, path: &str) -> Option<Value> {
    let id = || row["id"].as_str().unwrap_or_default();
    match &*path.to_lowercase() {
        "resourcetype" => return row.get("type").cloned(),
        "resourcegroup" => return id().split('/').nth(4).map(|name| Value::String(name.to_owned())),
        "subscriptionid" => return id().split('/').nth(2).map(|name| Value::String(name.to_owned())),
        "tagname" => {
            let tags = row["tags"].as_object()?;
            return Some(tags.keys().map(|name| Value::String(name.clone())).collect());
        }
        "tagvalue" => return Some(row["tags"].as_object()?.values().cloned().collect()),
        _ => {}
    }
    let mut value = row;
    for (depth, name) in path.split('/').enumerate() {
        value = match member(value, name) {
            Some(found) => found,
            None if depth == 0 => member(&value["properties"], name)?,
            None => return None,
        };
    }
    Some(value.clone())
}

fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let members = value.as_object()?;
    members.get(name).or_else(|| {
        members
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

fn function(row: &Value, name: &str, arguments: &[Argument]) -> bool {
    let value = |argument: &Argument| match argument {
        Argument::Path(path) => lookup(row, path).map(|value| text(&value)).unwrap_or_default(),
        Argument::Literal(value) => text(value),
    };
    match (name, arguments) {
        ("startswith", [a, b]) => value(a).starts_with(&value(b)),
        ("endswith", [a, b]) => value(a).ends_with(&value(b)),
        ("contains", [a, b]) => value(a).contains(&value(b)),
        // The older spelling has its arguments the other way round.
        ("substringof", [a, b]) => value(b).contains(&value(a)),
        ("assignedto" | "principalid", [id]) => {
            lookup(row, "principalId").is_some_and(|found| text(&found) == value(id))
        }
        _ => true,
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Literal(Value),
    Open,
    Close,
    Comma,
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut rest = text.trim_start();
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '\'' => {
                let (value, length) = quoted(rest)?;
                (Token::Literal(Value::String(value)), length)
            }
            _ => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || "(),".contains(c))
                    .unwrap_or(rest.len());
                let word = &rest[..end];
                let token = match word {
                    "true" | "false" | "null" => Token::Literal(serde_json::from_str(word).ok()?),
                    _ => match serde_json::from_str::<serde_json::Number>(word) {
                        Ok(number) => Token::Literal(Value::Number(number)),
                        Err(_) => Token::Word(word.to_owned()),
                    },
                };
                (token, end)
            }
        };
        found.push(token);
        rest = rest[length..].trim_start();
    }
    Some(found)
}

/// A text between apostrophes, in which two stand for one.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != '\'' {
            value.push(character);
        } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
            value.push('\'');
        } else {
            return Some((value, at + 1));
        }
    }
    None
}

struct Parser<'a> {
    tokens: &'a [Token],
}

impl Parser<'_> {
    fn word(&mut self, expected: &str) -> bool {
        let is =
            matches!(self.tokens.first(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(expected));
        if is {
            self.tokens = &self.tokens[1..];
        }
        is
    }

    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn any(&mut self) -> Option<Filter> {
        let mut parts = vec![self.all()?];
        while self.word("or") {
            parts.push(self.all()?);
        }
        Some(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Filter::Any(parts)
        })
    }

    fn all(&mut self) -> Option<Filter> {
        let mut parts = vec![self.one()?];
        while self.word("and") {
            parts.push(self.one()?);
        }
        Some(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Filter::All(parts)
        })
    }

    fn one(&mut self) -> Option<Filter> {
        if self.word("not") {
            return Some(Filter::Not(Box::new(self.one()?)));
        }
        match self.next()? {
            Token::Open => {
                let inner = self.any()?;
                (self.next()? == Token::Close).then_some(inner)
            }
            Token::Word(name) if self.tokens.first() == Some(&Token::Open) => {
                self.tokens = &self.tokens[1..];
                Some(Filter::Function(name.to_lowercase(), self.arguments()?))
            }
            Token::Word(path) => self.comparison(path),
            _ => None,
        }
    }

    fn arguments(&mut self) -> Option<Vec<Argument>> {
        let mut arguments = Vec::new();
        loop {
            match self.next()? {
                Token::Close => return Some(arguments),
                Token::Comma => {}
                Token::Word(path) => arguments.push(Argument::Path(path)),
                Token::Literal(value) => arguments.push(Argument::Literal(value)),
                Token::Open => return None,
            }
        }
    }

    fn comparison(&mut self, path: String) -> Option<Filter> {
        let Token::Word(operator) = self.next()? else {
            return None;
        };
        let comparison = match &*operator.to_lowercase() {
            "eq" => Comparison::Equal,
            "ne" => Comparison::NotEqual,
            "gt" => Comparison::Greater,
            "ge" => Comparison::GreaterOrEqual,
            "lt" => Comparison::Less,
            "le" => Comparison::LessOrEqual,
            "in" => {
                (self.next()? == Token::Open).then_some(())?;
                let values = self.arguments()?.into_iter().map(|argument| match argument {
                    Argument::Literal(value) => value,
                    Argument::Path(text) => Value::String(text),
                });
                return Some(Filter::In(path, values.collect()));
            }
            _ => return None,
        };
        match self.next()? {
            Token::Literal(value) => Some(Filter::Compare(path, comparison, value)),
            // Times and GUIDs stand without apostrophes.
            Token::Word(word) => Some(Filter::Compare(path, comparison, Value::String(word))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("resourceType eq 'microsoft.compute/DISKS'", true)]
    #[case("resourceType ne 'Microsoft.Compute/disks'", false)]
    #[case("tagName eq 'env' and tagValue eq 'prod'", true)]
    #[case("tagName eq 'env' and tagValue eq 'test'", false)]
    #[case("substringof('SK-', name) or location eq 'mars'", true)]
    #[case("startswith(name, 'disk') and not (location eq 'westeurope')", false)]
    #[case("principalId eq 'a''b'", true)]
    #[case("name in ('x', 'disk-1')", true)]
    #[case("size gt 4 and size le 8", true)]
    #[case("missing eq null", true)]
    #[case("atScope()", true)]
    #[case("assignedTo('A''B')", true)]
    fn filters_select(#[case] text: &str, #[case] expected: bool) {
        let row = json!({
            "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/disk-1",
            "name": "disk-1", "type": "Microsoft.Compute/disks", "location": "westeurope", "size": 8,
            "tags": {"env": "prod"}, "properties": {"principalId": "a'b"},
        });
        assert_eq!(Filter::parse(text).unwrap().admits(&row), expected, "{text}");
    }

    #[rstest]
    #[case("name eq")]
    #[case("name = 'x'")]
    #[case("(name eq 'x'")]
    #[case("name eq 'x")]
    #[case("name eq 'x' name")]
    fn nonsense_is_refused(#[case] text: &str) {
        assert_eq!(Filter::parse(text), None, "{text}");
    }
}
