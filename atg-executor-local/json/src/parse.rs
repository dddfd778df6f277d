//! From bytes to [`Json`], strictly as RFC 8259 has it.

use std::{collections::HashSet, fmt, str::FromStr};

use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};

use super::{Json, MAX_DEPTH};

/// Why a text is not JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    detail: String,
    offset: usize,
}

const TRAILING: &str = "something stands behind the value";

impl ParseError {
    fn new(detail: impl Into<String>, offset: usize) -> Self {
        Self {
            detail: detail.into(),
            offset,
        }
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Whether a whole value was read and something else stands behind it.
    pub fn is_trailing(&self) -> bool {
        self.detail == TRAILING
    }

    /// How many bytes lie before the place.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.detail, self.offset)
    }
}

impl std::error::Error for ParseError {}

/// An array or object that has begun and not ended. Kept in a list and not on the call stack, so that no input, however
/// deep, can exhaust the stack of the thread that reads it.
enum Open {
    Array(Vec<Json>),
    Object {
        members: Vec<(String, Json)>,
        /// The name of the member whose value is being read.
        name: String,
    },
}

impl Json {
    /// Reads one JSON text.
    ///
    /// Every number keeps its own spelling, whatever its size, and every object its order.
    ///
    /// # Errors
    /// Says what is wrong and at which byte: anything that RFC 8259 does not allow (`NaN`, comments, trailing commas,
    /// invalid UTF-8, half of a surrogate pair), an object that names a member twice (which of the two counts is
    /// undefined, so neither is trusted), more than [`MAX_DEPTH`] levels, or a number of more than 4,300 digits.
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        let mut input = Jiter::new(text);
        let mut open: Vec<Open> = Vec::new();
        let mut peek = input.peek().map_err(|error| explain(&error, text))?;
        loop {
            let mut value = match peek {
                Peek::Array | Peek::Object if open.len() == MAX_DEPTH => {
                    return Err(ParseError::new(
                        format!("nested more than {MAX_DEPTH} levels deep"),
                        input.current_index(),
                    ));
                }
                Peek::Array => match input.known_array().map_err(|error| explain(&error, text))? {
                    Some(first) => {
                        open.push(Open::Array(Vec::new()));
                        peek = first;
                        continue;
                    }
                    None => Self::Array(Vec::new()),
                },
                Peek::Object => {
                    let first = input.known_object().map_err(|error| explain(&error, text))?;
                    match first.map(str::to_owned) {
                        Some(name) => {
                            open.push(Open::Object {
                                members: Vec::new(),
                                name,
                            });
                            peek = input.peek().map_err(|error| explain(&error, text))?;
                            continue;
                        }
                        None => Self::Object(Vec::new()),
                    }
                }
                scalar => read_scalar(&mut input, scalar).map_err(|error| explain(&error, text))?,
            };
            // The value is whole: it goes into what is open, which may thereby be whole itself.
            peek = loop {
                match open.last_mut() {
                    None => {
                        input.finish().map_err(|error| explain(&error, text))?;
                        return Ok(value);
                    }
                    Some(Open::Array(items)) => {
                        items.push(value);
                        match input.array_step().map_err(|error| explain(&error, text))? {
                            Some(next) => break next,
                            None => value = Self::Array(std::mem::take(items)),
                        }
                    }
                    Some(Open::Object { members, name }) => {
                        members.push((std::mem::take(name), value));
                        let next = input.next_key().map_err(|error| explain(&error, text))?;
                        match next.map(str::to_owned) {
                            Some(next) => {
                                *name = next;
                                break input.peek().map_err(|error| explain(&error, text))?;
                            }
                            None => {
                                if let Some(name) = repeated(members) {
                                    let shown: String = name.chars().take(60).collect();
                                    return Err(ParseError::new(
                                        format!(
                                            "the object that ends here names `{}` twice",
                                            shown.escape_debug()
                                        ),
                                        input.current_index(),
                                    ));
                                }
                                value = Self::Object(std::mem::take(members));
                            }
                        }
                    }
                }
                open.pop();
            };
        }
    }
}

impl FromStr for Json {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text.as_bytes())
    }
}

fn read_scalar(input: &mut Jiter<'_>, peek: Peek) -> Result<Json, JiterError> {
    Ok(match peek {
        Peek::Null => {
            input.known_null()?;
            Json::Null
        }
        Peek::True | Peek::False => Json::Bool(input.known_bool(peek)?),
        Peek::String => Json::String(input.known_str()?.to_owned()),
        number => {
            let digits = input.known_number_bytes(number)?;
            // What the scanner takes for a number is ASCII.
            Json::Number(String::from_utf8_lossy(digits).into())
        }
    })
}

/// A name that occurs twice. Nearly every object is small, where comparing all pairs beats a hash table.
fn repeated(members: &[(String, Json)]) -> Option<&str> {
    if members.len() <= 16 {
        return members.iter().enumerate().find_map(|(index, (name, _))| {
            members[..index]
                .iter()
                .any(|(before, _)| before == name)
                .then_some(name.as_str())
        });
    }
    let mut seen = HashSet::with_capacity(members.len());
    members
        .iter()
        .map(|(name, _)| name.as_str())
        .find(|name| !seen.insert(*name))
}

/// The scanner's finding in words for the person who has the file.
fn explain(error: &JiterError, text: &[u8]) -> ParseError {
    let offset = error.index.min(text.len());
    let JiterErrorType::JsonError(kind) = &error.error_type else {
        return ParseError::new("not a JSON value", offset);
    };
    let detail = match kind {
        JsonErrorType::EofWhileParsingList
        | JsonErrorType::EofWhileParsingObject
        | JsonErrorType::EofWhileParsingString
        | JsonErrorType::EofWhileParsingValue => {
            if text.iter().all(u8::is_ascii_whitespace) {
                "there is nothing but white space".to_owned()
            } else {
                "the text ends in the middle of a value".to_owned()
            }
        }
        // The scanner has one word for both: an escape is ASCII, damaged UTF-8 is not.
        JsonErrorType::InvalidUnicodeCodePoint if text.get(offset).is_some_and(|b| !b.is_ascii()) => {
            "invalid UTF-8".to_owned()
        }
        JsonErrorType::InvalidUnicodeCodePoint
        | JsonErrorType::LoneLeadingSurrogateInHexEscape
        | JsonErrorType::UnexpectedEndOfHexEscape => "half of a surrogate pair".to_owned(),
        JsonErrorType::NumberOutOfRange => "a number of more than 4,300 digits".to_owned(),
        JsonErrorType::ExpectedSomeValue
        | JsonErrorType::ExpectedSomeIdent
        | JsonErrorType::InvalidNumber => not_a_value(text, offset),
        JsonErrorType::ControlCharacterWhileParsingString => "a control character within a string".to_owned(),
        JsonErrorType::TrailingCharacters => TRAILING.to_owned(),
        other => other.to_string(),
    };
    ParseError::new(detail, offset)
}

/// JavaScript's and Python's numbers that JSON does not have deserve their own words.
fn not_a_value(text: &[u8], offset: usize) -> String {
    let start = text[..offset]
        .iter()
        .rposition(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.')))
        .map_or(0, |at| at + 1);
    let length = text[start..]
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'))
        .take(24)
        .count();
    let word = String::from_utf8_lossy(&text[start..start + length]);
    match word.trim_start_matches('-') {
        "NaN" | "Infinity" | "nan" | "inf" => format!("`{word}` is not a number that JSON has"),
        "" => "not a JSON value".to_owned(),
        _ => format!("`{word}` is not a JSON value"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn text_of(text: &str) -> String {
        Json::parse(text.as_bytes()).unwrap().to_string()
    }

    #[rstest]
    #[case("0")]
    #[case("-0")]
    #[case("1.0")]
    #[case("0.10")]
    #[case("1e2")]
    #[case("1E+2")]
    #[case("-1.5e-7")]
    #[case("1e400")]
    #[case("-1e-400")]
    #[case("9007199254740993")]
    #[case("9223372036854775807")]
    #[case("18446744073709551616")]
    #[case("123456789012345678901234567890")]
    fn numbers_keep_their_own_text(#[case] number: &str) {
        assert_eq!(Json::parse(number.as_bytes()), Ok(Json::Number(number.into())));
        let inside = format!(r#"{{"a":[{number},{number}]}}"#);
        assert_eq!(text_of(&inside), inside);
    }

    #[test]
    fn members_keep_their_order_and_strings_their_characters() {
        let text = r#"{"z":1,"a":{"y":null,"b":[true,false]},"":"\u0007\"\\ Zoë 𝄞"}"#;
        assert_eq!(text_of(text), text);
    }

    #[test]
    fn white_space_is_dropped_and_escapes_are_read() {
        assert_eq!(
            text_of("\r\n { \"a\\u0041\\n\" :\t[ ] , \"b\" : { } } "),
            r#"{"aA\n":[],"b":{}}"#
        );
        assert_eq!(Json::parse(br#""\ud834\udd1e""#), Ok(Json::from("𝄞")));
    }

    #[rstest]
    #[case(b"", "there is nothing but white space", 0)]
    #[case(b" \n", "there is nothing but white space", 2)]
    #[case(b"{\"a\":", "the text ends in the middle of a value", 5)]
    #[case(b"{\"a\":NaN}", "`NaN` is not a number that JSON has", 5)]
    #[case(b"[1,-Infinity]", "`-Infinity` is not a number that JSON has", 4)]
    #[case(b"[Infinity]", "`Infinity` is not a number that JSON has", 1)]
    #[case(b"[nan]", "`nan` is not a number that JSON has", 2)]
    #[case(b"[01]", "`01` is not a JSON value", 2)]
    #[case(b"[+1]", "`+1` is not a JSON value", 1)]
    #[case(b"[1,]", "trailing comma", 3)]
    #[case(b"{} {}", "something stands behind the value", 3)]
    #[case(b"[\"\xff\"]", "invalid UTF-8", 2)]
    #[case(b"[\"\xed\xa0\x80\"]", "invalid UTF-8", 2)]
    #[case(b"[\"a\nb\"]", "a control character within a string", 3)]
    #[case(b"{\"a\":1,\"b\":2,\"a\":3}", "the object that ends here names `a` twice", 19)]
    fn what_is_not_json_is_refused_with_its_place(
        #[case] text: &[u8],
        #[case] detail: &str,
        #[case] offset: usize,
    ) {
        let error = Json::parse(text).unwrap_err();
        assert_eq!((error.detail(), error.offset()), (detail, offset));
    }

    #[rstest]
    #[case(r#"["\ud800"]"#)]
    #[case(r#"["\ud800 "]"#)]
    #[case(r#"["\ud800\n"]"#)]
    #[case(r#"["\ud800\u0041"]"#)]
    #[case(r#"["\udc00"]"#)]
    #[case(r#"{"\udfff":1}"#)]
    fn half_of_a_surrogate_pair_is_refused(#[case] text: &str) {
        let error = Json::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.detail(), "half of a surrogate pair");
        assert!((2..text.len()).contains(&error.offset()), "{error}");
    }

    #[test]
    fn a_repeated_name_in_a_large_object_is_found() {
        let mut text = String::from("{");
        for index in 0..100 {
            text.push_str(&format!("\"m{index}\":{index},"));
        }
        let fine = format!("{}}}", text.trim_end_matches(','));
        assert!(Json::parse(fine.as_bytes()).is_ok());
        text.push_str("\"m7\":0}");
        assert!(
            Json::parse(text.as_bytes())
                .unwrap_err()
                .detail()
                .contains("`m7` twice")
        );
    }

    #[test]
    fn a_thousand_levels_survive_and_one_more_is_refused() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let deep = Json::parse(nested(MAX_DEPTH).as_bytes()).unwrap();
            assert_eq!(deep.to_string(), nested(MAX_DEPTH));
            assert!(deep == deep.clone());
            let error = Json::parse(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err();
            assert_eq!(error.detail(), "nested more than 1000 levels deep");
            // Nothing but opening brackets must not cost more than the limit either.
            assert!(Json::parse(open.repeat(1_000_000).as_bytes()).is_err());
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>()
                .prop_filter("finite", |f| f.is_finite())
                .prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
                prop::collection::vec((any::<String>(), inner), 0..8)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_serde_json_writes_is_read_and_written_unchanged(value in any_json()) {
            let text = value.to_string();
            prop_assert_eq!(Json::parse(text.as_bytes()).unwrap().to_string(), text);
        }

        #[test]
        fn pretty_printing_changes_nothing(value in any_json()) {
            let pretty = serde_json::to_vec_pretty(&value).unwrap();
            prop_assert_eq!(Json::parse(&pretty).unwrap().to_string(), value.to_string());
        }

        /// Damaged texts: both readers must agree on what is JSON, and no input may panic.
        #[test]
        fn agrees_with_serde_json_on_what_is_json(
            value in any_json(),
            cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        ) {
            let mut text = value.to_string().into_bytes();
            for (at, byte) in cuts {
                if !text.is_empty() {
                    let at = at.index(text.len());
                    text[at] = byte;
                }
            }
            let ours = Json::parse(&text);
            let theirs = serde_json::from_slice::<serde_json::Value>(&text);
            match (ours, theirs) {
                (Ok(ours), Ok(theirs)) => {
                    let again: serde_json::Value = serde_json::from_str(&ours.to_string()).unwrap();
                    prop_assert_eq!(again, theirs);
                }
                (Err(_), Err(_)) => {}
                // Numbers past the range of a double are data here, and a repeated name is not JSON to trust.
                (Ok(_), Err(theirs)) => prop_assert!(theirs.to_string().contains("out of range"), "{}", theirs),
                (Err(ours), Ok(_)) => prop_assert!(ours.detail().contains("twice"), "{}", ours),
            }
        }
    }
}
