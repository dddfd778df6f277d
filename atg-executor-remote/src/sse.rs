//! Server-sent events, as a browser reads them (WHATWG HTML, 9.2.6), as far as a job's log needs it.

use atg_sdk::{Error, JobEvent, Result};

/// An event holds at most its job's parameters; this is far more.
const LONGEST: usize = 64 * 1024 * 1024;

/// Takes bytes as they come, gives events when they are whole.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    /// The line that has not ended yet.
    line: Vec<u8>,
    /// The `data` lines of the event that has not ended yet.
    data: Vec<u8>,
    has_data: bool,
    /// The last byte was a carriage return: a line feed after it belongs to it.
    after_return: bool,
}

impl Parser {
    /// # Errors
    /// `Internal` for an event that is not one of a job's log.
    pub(crate) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(JobEvent)) -> Result<()> {
        let mut rest = bytes;
        if self.after_return && !rest.is_empty() {
            self.after_return = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line.extend_from_slice(&rest[..at]);
            let is_return = rest[at] == b'\r';
            rest = &rest[at + 1..];
            if is_return {
                self.after_return = rest.is_empty();
                rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            }
            if let Some(event) = self.end_line()? {
                each(event);
            }
        }
        self.line.extend_from_slice(rest);
        if self.line.len() + self.data.len() > LONGEST {
            return Err(Error::internal("read a job's events: one of them does not end"));
        }
        Ok(())
    }

    fn end_line(&mut self) -> Result<Option<JobEvent>> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            if !std::mem::take(&mut self.has_data) {
                return Ok(None);
            }
            return serde_json::from_slice(&data).map(Some).map_err(|error| {
                Error::internal("read a job's events: one of them is not what this version can read")
                    .with_source(error)
            });
        }
        // `id` and `event` say again what the data says; the rest are comments and fields for browsers.
        if let Some(value) = line.strip_prefix(b"data:") {
            if self.has_data {
                self.data.push(b'\n');
            }
            self.has_data = true;
            self.data
                .extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"sequence":2,"time":"2026-01-31T12:00:00Z","kind":"started","attempt":1}"#;

    fn parse(chunks: &[&[u8]]) -> Result<Vec<u64>> {
        let mut parser = Parser::default();
        let mut found = Vec::new();
        for chunk in chunks {
            parser.push(chunk, |event| found.push(event.sequence))?;
        }
        Ok(found)
    }

    #[test]
    fn events_are_found_however_the_bytes_are_cut_and_lines_end() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!(
                ": alive{end}{end}id: 2{end}event: started{end}data: {EVENT}{end}{end}data:{EVENT}{end}{end}"
            );
            let bytes = text.as_bytes();
            for cut in 0..bytes.len() {
                assert_eq!(parse(&[&bytes[..cut], &bytes[cut..]]).unwrap(), [2, 2], "{cut}");
            }
            let single: Vec<_> = bytes.chunks(1).collect();
            assert_eq!(parse(&single).unwrap(), [2, 2]);
        }
    }

    #[test]
    fn an_event_that_was_cut_off_is_none() {
        let text = format!("data: {EVENT}\n");
        assert!(parse(&[text.as_bytes()]).unwrap().is_empty());
    }

    #[test]
    fn data_of_several_lines_is_joined() {
        let (first, second) = EVENT.split_at(EVENT.find(",\"time").unwrap());
        let text = format!("data: {first}\ndata: {second}\n\n");
        assert_eq!(parse(&[text.as_bytes()]).unwrap(), [2]);
    }

    #[test]
    fn nonsense_is_an_error_and_empty_events_are_nothing() {
        assert!(parse(&[b"\n\nid: 1\n\nevent: x\n\n"]).unwrap().is_empty());
        assert!(parse(&[b"data: {}\n\n"]).is_err());
        assert!(parse(&[b"data: <html>\n\n"]).is_err());
    }
}
