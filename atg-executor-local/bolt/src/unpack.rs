//! Reading PackStream.

use crate::{Structure, Value};

/// Why bytes could not be read.
pub(crate) type Damaged = &'static str;

/// How deeply values may be nested: what the server sends is bounded by what a query asks for, not by our stack.
const MAX_DEPTH: usize = 1_000;

const CUT: Damaged = "a value ends too early";

/// Reads the value at the beginning and moves behind it.
pub(crate) fn value(bytes: &mut &[u8]) -> Result<Value, Damaged> {
    read(bytes, 0)
}

/// Reads a structure's head: its tag, and how many fields follow.
pub(crate) fn head(bytes: &mut &[u8]) -> Result<(u8, u8), Damaged> {
    let [marker, tag] = *take(bytes, 2)? else {
        return Err(CUT);
    };
    if marker & 0xf0 == 0xb0 {
        Ok((tag, marker & 0x0f))
    } else {
        Err("a message is not a structure")
    }
}

fn read(bytes: &mut &[u8], depth: usize) -> Result<Value, Damaged> {
    if depth > MAX_DEPTH {
        return Err("a value is nested too deeply");
    }
    let marker = *take(bytes, 1)?.first().ok_or(CUT)?;
    Ok(match marker {
        0xc0 => Value::Null,
        0xc1 => Value::Float(f64::from_be_bytes(fixed(bytes)?)),
        0xc2 => Value::Bool(false),
        0xc3 => Value::Bool(true),
        0xc8 => Value::Int(i8::from_be_bytes(fixed(bytes)?).into()),
        0xc9 => Value::Int(i16::from_be_bytes(fixed(bytes)?).into()),
        0xca => Value::Int(i32::from_be_bytes(fixed(bytes)?).into()),
        0xcb => Value::Int(i64::from_be_bytes(fixed(bytes)?)),
        0xcc..=0xce => {
            let length = length(bytes, marker - 0xcc)?;
            Value::Bytes(take(bytes, length)?.to_vec())
        }
        0x80..=0x8f => Value::String(text(bytes, usize::from(marker & 0x0f))?),
        0xd0..=0xd2 => {
            let length = length(bytes, marker - 0xd0)?;
            Value::String(text(bytes, length)?)
        }
        0x90..=0x9f => list(bytes, usize::from(marker & 0x0f), depth)?,
        0xd4..=0xd6 => {
            let length = length(bytes, marker - 0xd4)?;
            list(bytes, length, depth)?
        }
        0xa0..=0xaf => map(bytes, usize::from(marker & 0x0f), depth)?,
        0xd8..=0xda => {
            let length = length(bytes, marker - 0xd8)?;
            map(bytes, length, depth)?
        }
        0xb0..=0xbf => {
            let tag = *take(bytes, 1)?.first().ok_or(CUT)?;
            let fields = (0..marker & 0x0f)
                .map(|_| read(bytes, depth + 1))
                .collect::<Result<_, _>>()?;
            Value::Structure(Structure { tag, fields })
        }
        0x00..=0x7f | 0xf0..=0xff => Value::Int(marker.cast_signed().into()),
        _ => return Err("a value begins with a byte that means nothing"),
    })
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], Damaged> {
    let (taken, rest) = bytes.split_at_checked(length).ok_or(CUT)?;
    *bytes = rest;
    Ok(taken)
}

fn fixed<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Damaged> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(CUT)?;
    *bytes = rest;
    Ok(*taken)
}

/// A length of one, two or four bytes.
fn length(bytes: &mut &[u8], width: u8) -> Result<usize, Damaged> {
    Ok(match width {
        0 => u8::from_be_bytes(fixed(bytes)?).into(),
        1 => u16::from_be_bytes(fixed(bytes)?).into(),
        _ => usize::try_from(u32::from_be_bytes(fixed(bytes)?)).map_err(|_| CUT)?,
    })
}

fn text(bytes: &mut &[u8], length: usize) -> Result<String, Damaged> {
    let taken = take(bytes, length)?.to_vec();
    String::from_utf8(taken).map_err(|_| "a text is not UTF-8")
}

fn list(bytes: &mut &[u8], length: usize, depth: usize) -> Result<Value, Damaged> {
    // Each element takes a byte at least: a length that promises more is not believed.
    let mut items = Vec::with_capacity(length.min(bytes.len()));
    for _ in 0..length {
        items.push(read(bytes, depth + 1)?);
    }
    Ok(Value::List(items))
}

fn map(bytes: &mut &[u8], length: usize, depth: usize) -> Result<Value, Damaged> {
    let mut members = Vec::with_capacity(length.min(bytes.len()));
    for _ in 0..length {
        let Value::String(name) = read(bytes, depth + 1)? else {
            return Err("a name in a map is not a text");
        };
        members.push((name, read(bytes, depth + 1)?));
    }
    Ok(Value::Map(members))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Packer;

    #[test]
    fn what_is_packed_is_read_back() {
        let numbers = [
            0,
            -16,
            -17,
            127,
            128,
            -128,
            -129,
            40_000,
            -40_000,
            i64::MIN,
            i64::MAX,
        ];
        let long = "ü".repeat(40_000);
        let mut packer = Packer::new();
        packer.map(4).text("numbers").list(numbers.len());
        for number in numbers {
            packer.int(number);
        }
        packer
            .text("texts")
            .list(3)
            .text("")
            .text("sixteen letters.")
            .text(&long);
        packer
            .text("rest")
            .list(4)
            .null()
            .bool(true)
            .bool(false)
            .float(-0.5);
        packer.text("open");
        let list = packer.open_list();
        packer.int(1).int(2).close_list(list, 2);
        let mut bytes = packer.bytes();
        let read = value(&mut bytes).unwrap();
        assert!(bytes.is_empty());
        let expected = Value::Map(vec![
            (
                "numbers".to_owned(),
                Value::List(numbers.into_iter().map(Value::Int).collect()),
            ),
            (
                "texts".to_owned(),
                Value::List(
                    ["", "sixteen letters.", &long]
                        .map(|text| Value::String(text.to_owned()))
                        .to_vec(),
                ),
            ),
            (
                "rest".to_owned(),
                Value::List(vec![
                    Value::Null,
                    Value::Bool(true),
                    Value::Bool(false),
                    Value::Float(-0.5),
                ]),
            ),
            ("open".to_owned(), Value::List(vec![Value::Int(1), Value::Int(2)])),
        ]);
        assert_eq!(read, expected);
    }

    #[test]
    fn damage_is_noticed_wherever_it_is() {
        let mut packer = Packer::new();
        packer
            .map(2)
            .text("a")
            .list(2)
            .int(70_000)
            .text("long enough for a length")
            .text("b")
            .float(1.0);
        let bytes = packer.into_bytes();
        for end in 0..bytes.len() {
            assert!(value(&mut &bytes[..end]).is_err(), "cut at {end}");
        }
        for bytes in [
            &[0xd6, 0xff, 0xff, 0xff, 0xff][..],
            &[0xdf],
            &[0x81, 0xff],
            &[0xa1, 0x01, 0x01],
        ] {
            assert!(value(&mut &*bytes).is_err(), "{bytes:x?}");
        }
        assert!(value(&mut [0x91].repeat(100_000).as_slice()).is_err());
    }
}
