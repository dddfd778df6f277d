//! A node's stated edges as one value: one row to stage instead of one an edge.

use atg_sdk::{Error, Result};

use crate::graph::Said;

/// One stated edge. An end is a node's row number, or minus the row number of a target that is looked up at the end, or
/// 0 for the node that states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) relationship: i64,
    pub(super) said: Said,
    pub(super) path: String,
    pub(super) properties: Option<String>,
}

/// One after the other, numbers in eight bytes, texts behind their length.
pub(super) fn pack(edges: &[Packed]) -> Vec<u8> {
    let mut out = Vec::with_capacity(edges.len() * 96);
    for edge in edges {
        for number in [
            edge.from,
            edge.to,
            edge.relationship,
            i64::from(edge.said.number()),
        ] {
            out.extend(number.to_le_bytes());
        }
        write_text(Some(&edge.path), &mut out);
        write_text(edge.properties.as_deref(), &mut out);
    }
    out
}

fn write_text(text: Option<&str>, out: &mut Vec<u8>) {
    let length = text.map_or(-1, |text| i64::try_from(text.len()).unwrap_or(i64::MAX));
    out.extend(length.to_le_bytes());
    out.extend(text.unwrap_or_default().as_bytes());
}

/// Reads what [`pack`] wrote.
pub(super) fn unpack(mut bytes: &[u8]) -> Result<Vec<Packed>> {
    let mut edges = Vec::new();
    while !bytes.is_empty() {
        edges
            .push(read(&mut bytes).ok_or_else(|| Error::internal("the staged edges of a node are damaged"))?);
    }
    Ok(edges)
}

fn read(bytes: &mut &[u8]) -> Option<Packed> {
    Some(Packed {
        from: read_number(bytes)?,
        to: read_number(bytes)?,
        relationship: read_number(bytes)?,
        said: Said::from_number(u8::try_from(read_number(bytes)?).ok()?)?,
        path: read_text(bytes)??,
        properties: read_text(bytes)?,
    })
}

fn read_number(bytes: &mut &[u8]) -> Option<i64> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(i64::from_le_bytes(*number))
}

/// `Some(None)` for a text that was not there.
fn read_text(bytes: &mut &[u8]) -> Option<Option<String>> {
    let Ok(length) = usize::try_from(read_number(bytes)?) else {
        return Some(None);
    };
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(Some(String::from_utf8(text.to_vec()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_out_again() {
        let edges: Vec<_> = Said::ALL
            .into_iter()
            .map(|said| Packed {
                from: 0,
                to: -7,
                relationship: 3,
                said,
                path: "properties.ü".to_owned(),
                properties: (said == Said::Here).then(|| "{}".to_owned()),
            })
            .collect();
        assert_eq!(unpack(&pack(&edges)).unwrap(), edges);
        assert_eq!(unpack(&[]).unwrap(), []);
    }

    #[test]
    fn damage_is_noticed() {
        let bytes = pack(&[Packed {
            from: 1,
            to: 2,
            relationship: 3,
            said: Said::Here,
            path: "id".to_owned(),
            properties: None,
        }]);
        for end in 1..bytes.len() {
            assert!(unpack(&bytes[..end]).is_err(), "cut at {end}");
        }
    }
}
