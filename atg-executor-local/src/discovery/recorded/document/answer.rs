//! Answers of Azure's APIs: an object whose member `value` or `data` is the array of objects, and whose other members
//! tell whether there is more.

use std::io::Read;

use atg_sdk::Error;

use super::{
    Stop,
    scan::{Scanned, scan_value},
};
use crate::{discovery::recorded::text::Text, json::Json};

/// No member that an answer has beside its array is longer.
const MEMBER_BYTES: usize = 64 * 1024;

/// What an answer says of itself.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Its objects so far; over all pages where several answers follow each other.
    pub rows: u64,
    total: Option<u64>,
    truncated: bool,
    goes_on: bool,
}

impl Answer {
    /// Whether an answer begins at the position, which is then behind the `[` of its array. Otherwise nothing has moved.
    ///
    /// # Errors
    /// `InvalidArgument` for Resource Graph's table format.
    pub(super) fn begins<R: Read>(&mut self, text: &mut Text<R>) -> atg_sdk::Result<bool> {
        let (start, line, indent) = (text.pos, text.line, text.indent.clone());
        let mut page = Self::default();
        let begins = page.read_head(text);
        match begins {
            Head::Array => {
                // Each page has its own word on whether it is the last.
                page.rows = self.rows;
                *self = page;
                return Ok(true);
            }
            Head::Table => {
                return Err(Error::invalid(
                    "read the input: it is a Resource Graph answer in table format; ask for objects \
                     (`\"resultFormat\": \"objectArray\"`, or `az graph query`)",
                ));
            }
            Head::Other => {}
        }
        (text.pos, text.line, text.indent) = (start, line, indent);
        Ok(false)
    }

    fn read_head<R: Read>(&mut self, text: &mut Text<R>) -> Head {
        text.step();
        let mut members = 0;
        loop {
            let Ok(name) = name(text) else { return Head::Other };
            match (name.as_str(), text.skip_space()) {
                ("data" | "value", Some(b'[')) => {
                    text.step();
                    return Head::Array;
                }
                ("data", Some(b'{')) if members > 0 => return Head::Table,
                (name, Some(_)) if is_known(name) => {
                    let start = text.pos;
                    let Ok(Scanned::Whole) = scan_value(text, start, MEMBER_BYTES) else {
                        return Head::Other;
                    };
                    self.note(name, &text.buffer[start..text.pos]);
                }
                _ => return Head::Other,
            }
            members += 1;
            if text.skip_space() != Some(b',') {
                return Head::Other;
            }
            text.step();
        }
    }

    /// One member behind the array.
    pub(super) fn member<R: Read>(&mut self, text: &mut Text<R>, limit: usize) -> Result<(), Stop> {
        let name = name(text)?;
        text.skip_space().ok_or(Stop::End)?;
        let start = text.pos;
        if scan_value(text, start, limit)? == Scanned::Whole {
            if is_known(&name) {
                self.note(&name, &text.buffer[start..text.pos]);
            }
            text.forget(start);
        }
        Ok(())
    }

    fn note(&mut self, name: &str, value: &[u8]) {
        let Ok(value) = Json::parse(value) else { return };
        match name {
            "total_records" | "totalrecords" => {
                if let Json::Number(digits) = &value {
                    self.total = digits.parse().ok();
                }
            }
            "resulttruncated" | "result_truncated" => {
                self.truncated = value.as_bool() == Some(true)
                    || value
                        .as_str()
                        .is_some_and(|text| text.eq_ignore_ascii_case("true"));
            }
            "nextlink" | "next_link" | "@nextlink" | "@odata.nextlink" | "skip_token" | "skiptoken"
            | "$skiptoken" => {
                self.goes_on |= value.as_str().is_some_and(|text| !text.is_empty());
            }
            _ => {}
        }
    }

    /// What the file does not hold although its last answer says that it exists. Asked once, at the end.
    pub(super) fn take_missing(&mut self) -> Option<String> {
        let answer = std::mem::take(self);
        let of = answer.total.filter(|total| *total > answer.rows);
        let rows = answer.rows;
        match (of, answer.goes_on, answer.truncated) {
            (Some(total), _, _) => Some(format!(
                "the answer holds {rows} of {total} rows: put the other pages behind it (`az graph query --first 1000 \
                 --skip-token …`)"
            )),
            (None, true, _) => Some(format!(
                "the answer goes on behind its {rows} rows: put the other pages behind it in the same file"
            )),
            (None, false, true) => Some(format!(
                "Azure cut the answer after {rows} rows (`resultTruncated`): have the query project `id` and order by it"
            )),
            (None, false, false) => None,
        }
    }
}

enum Head {
    Array,
    Table,
    Other,
}

/// A member's name in lower case, up to and with its colon.
fn name<R: Read>(text: &mut Text<R>) -> Result<String, Stop> {
    let wanted = || Stop::Broken("a member without a name".to_owned());
    if text.skip_space().ok_or(Stop::End)? != b'"' {
        return Err(wanted());
    }
    let start = text.pos;
    scan_value(text, start, MEMBER_BYTES)?;
    let name = match Json::parse(&text.buffer[start..text.pos]) {
        Ok(Json::String(name)) => name.to_lowercase(),
        _ => return Err(wanted()),
    };
    if text.skip_space().ok_or(Stop::End)? != b':' {
        return Err(wanted());
    }
    text.step();
    Ok(name)
}

/// Members that answers of Resource Graph, ARM and Microsoft Graph have beside their array, and no resource has: an
/// object that begins with another one is not an answer.
fn is_known(name: &str) -> bool {
    name.starts_with("@odata.")
        || matches!(
            name,
            "count"
                | "total_records"
                | "totalrecords"
                | "resulttruncated"
                | "result_truncated"
                | "facets"
                | "skip_token"
                | "skiptoken"
                | "$skiptoken"
                | "nextlink"
                | "next_link"
                | "@nextlink"
        )
}
