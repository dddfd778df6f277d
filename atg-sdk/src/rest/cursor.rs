//! Where a listing of jobs goes on.

use jiff::Timestamp;

use crate::JobId;

/// The cursor that goes on after a job: its time in nanoseconds and its id. The same as
/// [`JobFilter::before`](crate::JobFilter::before), so that a client can begin in the middle.
#[must_use]
pub fn cursor(created_at: Timestamp, id: JobId) -> String {
    format!("{:x}.{}", created_at.as_nanosecond(), id.as_uuid().as_simple())
}

/// Reads it back; `None` for anything else.
#[must_use]
pub fn read_cursor(text: &str) -> Option<(Timestamp, JobId)> {
    let (time, id) = text.split_once('.')?;
    let time = Timestamp::from_nanosecond(i128::from_str_radix(time, 16).ok()?).ok()?;
    Some((time, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nonsense_does_not() {
        let (time, id) = (Timestamp::now(), JobId::new());
        assert_eq!(read_cursor(&cursor(time, id)), Some((time, id)));
        for nonsense in [
            "",
            ".",
            "0",
            "zz.1",
            "ffffffffffffffffffffffffffffffff.00000000000000000000000000000000",
        ] {
            assert_eq!(read_cursor(nonsense), None, "{nonsense}");
        }
    }
}
