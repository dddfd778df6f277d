//! `round`, with a precision and a mode.

use super::{super::wrong, float};
use crate::cypher::{
    eval::{Fault, Graph, Outcome},
    value::Value,
};

/// Java's `RoundingMode`s, by the names that Neo4j gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Up,
    Down,
    Ceiling,
    Floor,
    HalfUp,
    HalfDown,
    HalfEven,
}

impl Mode {
    fn find(name: &str) -> Option<Self> {
        const TABLE: &[(&str, Mode)] = &[
            ("UP", Mode::Up),
            ("DOWN", Mode::Down),
            ("CEILING", Mode::Ceiling),
            ("FLOOR", Mode::Floor),
            ("HALF_UP", Mode::HalfUp),
            ("HALF_DOWN", Mode::HalfDown),
            ("HALF_EVEN", Mode::HalfEven),
        ];
        TABLE
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, mode)| *mode)
    }

    /// Whether the last digit that is kept grows, away from zero. `rest` is what is cut off, as digits.
    fn grows(self, is_negative: bool, last: u8, rest: &[u8]) -> bool {
        let is_zero = rest.iter().all(|digit| *digit == b'0');
        let half = match rest {
            [] => std::cmp::Ordering::Less,
            [first, others @ ..] => match first.cmp(&b'5') {
                std::cmp::Ordering::Equal if others.iter().any(|digit| *digit != b'0') => {
                    std::cmp::Ordering::Greater
                }
                ordering => ordering,
            },
        };
        match self {
            Self::Up => !is_zero,
            Self::Down => false,
            Self::Ceiling => !is_zero && !is_negative,
            Self::Floor => !is_zero && is_negative,
            Self::HalfUp => half.is_ge(),
            Self::HalfDown => half.is_gt(),
            Self::HalfEven => half.is_gt() || half.is_eq() && (last - b'0') % 2 == 1,
        }
    }
}

pub(super) fn round(args: &[Value], _: &dyn Graph) -> Outcome<Value> {
    let value = float("round", &args[0])?;
    let places = match args.get(1) {
        None => 0,
        Some(Value::Int(places)) => {
            u32::try_from(*places).map_err(|_| Fault::invalid("round() cannot use a negative precision"))?
        }
        Some(other) => return Err(wrong("round", "an integer precision", other)),
    };
    let mode = match args.get(2) {
        None if places == 0 => return Ok(Value::Float(half_up(value))),
        None => Mode::HalfUp,
        Some(Value::Text(name)) => Mode::find(name).ok_or_else(|| {
            Fault::invalid(format!(
                "round() knows no mode {name:?}: write one such as 'HALF_UP'"
            ))
        })?,
        Some(other) => return Err(wrong("round", "the name of a mode", other)),
    };
    if !value.is_finite() {
        return Ok(Value::Float(value));
    }
    Ok(Value::Float(decimal(value, places, mode)))
}

/// To the nearest integer, a half towards the larger one; never `-0.0`.
fn half_up(value: f64) -> f64 {
    if !value.is_finite() {
        return value;
    }
    let floor = value.floor();
    let rounded = if value - floor >= 0.5 { floor + 1.0 } else { floor };
    // Java goes through a 64-bit integer.
    (rounded as i64) as f64
}

/// On the decimal digits that are shown.
fn decimal(value: f64, places: u32, mode: Mode) -> f64 {
    let places = places as usize;
    let text = format!("{}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if fraction.len() <= places {
        // Java's decimals have no negative zero.
        return value + 0.0;
    }
    let (kept, rest) = fraction.as_bytes().split_at(places);
    let mut digits: Vec<u8> = whole.bytes().chain(kept.iter().copied()).collect();
    let last = digits.last().copied().unwrap_or(b'0');
    if mode.grows(value < 0.0, last, rest) {
        let mut at = digits.len();
        loop {
            if at == 0 {
                digits.insert(0, b'1');
                break;
            }
            at -= 1;
            if digits[at] < b'9' {
                digits[at] += 1;
                break;
            }
            digits[at] = b'0';
        }
    }
    digits.insert(digits.len() - places, b'.');
    let rounded: f64 = String::from_utf8(digits)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(value);
    if value < 0.0 && rounded != 0.0 {
        -rounded
    } else {
        rounded
    }
}
