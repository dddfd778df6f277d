//! As much of the Bolt protocol as a test needs: run a query, take its rows as JSON.
//!
//! The encoding is <https://neo4j.com/docs/bolt/current/packstream/>. A driver would bring its own idea of values; here
//! integers, floats and what JSON cannot write stay apart.

use std::{
    io::{BufReader, ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Map, Value as Json, json};

/// A connection to a server without authentication.
pub(crate) struct Bolt {
    stream: BufReader<TcpStream>,
    uri: String,
}

/// What the server says when it refuses.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) String);

/// A structure, or JSON.
enum Packed {
    Json(Json),
    Structure(u8, Vec<Packed>),
}

/// What is said of a query that the server did not answer.
pub(crate) const SILENT: &str = "the server says nothing";

const HELLO: u8 = 0x01;
const RESET: u8 = 0x0f;
const RUN: u8 = 0x10;
const PULL: u8 = 0x3f;
const LOGON: u8 = 0x6a;
const SUCCESS: u8 = 0x70;
const RECORD: u8 = 0x71;

impl Bolt {
    /// Connects to `bolt://host:port`.
    pub(crate) fn connect(uri: &str) -> Self {
        let address = uri
            .strip_prefix("bolt://")
            .expect("ATG_TEST_NEO4J_URI begins with bolt://");
        let stream = TcpStream::connect(address).expect("connect to Neo4j");
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut bolt = Self {
            stream: BufReader::new(stream),
            uri: uri.to_owned(),
        };
        // Version 5.4 and nothing else.
        let hello = [
            0x60, 0x60, 0xb0, 0x17, 0, 0, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        bolt.stream.get_mut().write_all(&hello).unwrap();
        let mut version = [0; 4];
        bolt.stream.read_exact(&mut version).unwrap();
        assert_eq!(version, [0, 0, 4, 5], "the server does not speak Bolt 5.4");
        let agent = json!({ "user_agent": "atg-tests/1", "bolt_agent": { "product": "atg-tests/1" } });
        bolt.send(HELLO, &[agent]);
        bolt.expect_success();
        bolt.send(LOGON, &[json!({ "scheme": "none" })]);
        bolt.expect_success();
        bolt
    }

    /// Runs a query and takes all its rows. One that is not answered in time is refused with [`SILENT`].
    pub(crate) fn run(&mut self, query: &str, parameters: &Json) -> Result<Vec<Vec<Json>>, Refused> {
        // The time limit is the server's own: a query that it stops is refused like any other.
        self.send(
            RUN,
            &[json!(query), parameters.clone(), json!({ "tx_timeout": 60_000 })],
        );
        self.send(PULL, &[json!({ "n": -1 })]);
        let mut rows = Vec::new();
        let mut refused = None;
        // One answer to each of the two messages.
        let mut answers = 0;
        while answers < 2 {
            let Some(message) = self.receive_in_time() else {
                // The server does not look at its time limit while it plans. What it says later is nobody's.
                *self = Self::connect(&self.uri);
                return Err(Refused(SILENT.to_owned()));
            };
            match message {
                (RECORD, mut fields) => match fields.remove(0) {
                    Packed::Json(Json::Array(row)) => rows.push(row),
                    _ => panic!("a record is a list"),
                },
                (SUCCESS, _) => answers += 1,
                (_, fields) => {
                    answers += 1;
                    if let Some(Packed::Json(Json::Object(failure))) = fields.first() {
                        refused = Some(failure["message"].as_str().unwrap_or_default().to_owned());
                    }
                }
            }
        }
        match refused {
            None => Ok(rows),
            Some(message) => {
                self.send(RESET, &[]);
                self.expect_success();
                Err(Refused(message))
            }
        }
    }

    fn expect_success(&mut self) {
        let (kind, fields) = self.receive();
        if kind != SUCCESS {
            let Some(Packed::Json(failure)) = fields.first() else {
                panic!("the server refused to begin")
            };
            panic!("the server refused to begin: {failure}");
        }
    }

    fn send(&mut self, kind: u8, fields: &[Json]) {
        let mut message = vec![0xb0 | u8::try_from(fields.len()).unwrap(), kind];
        fields.iter().for_each(|field| pack(field, &mut message));
        let mut out = Vec::with_capacity(message.len() + 8);
        for chunk in message.chunks(0xffff) {
            out.extend(u16::try_from(chunk.len()).unwrap().to_be_bytes());
            out.extend(chunk);
        }
        out.extend([0, 0]);
        self.stream.get_mut().write_all(&out).unwrap();
    }

    fn receive(&mut self) -> (u8, Vec<Packed>) {
        self.receive_in_time().expect("an answer of the server")
    }

    /// `None` when the server says nothing for as long as a socket waits.
    fn receive_in_time(&mut self) -> Option<(u8, Vec<Packed>)> {
        let mut message = Vec::new();
        loop {
            let mut length = [0; 2];
            match self.stream.read_exact(&mut length) {
                Ok(()) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return None;
                }
                Err(error) => panic!("an answer of the server: {error}"),
            }
            let length = usize::from(u16::from_be_bytes(length));
            // An empty chunk ends a message; before one it only keeps the connection alive.
            if length == 0 {
                if message.is_empty() {
                    continue;
                }
                break;
            }
            let start = message.len();
            message.resize(start + length, 0);
            self.stream.read_exact(&mut message[start..]).unwrap();
        }
        match unpack(&mut message.as_slice()) {
            Packed::Structure(kind, fields) => Some((kind, fields)),
            Packed::Json(_) => panic!("a message is a structure"),
        }
    }
}

fn pack(value: &Json, out: &mut Vec<u8>) {
    let size = |tiny: u8, wide: u8, length: usize, out: &mut Vec<u8>| {
        if length < 16 {
            out.push(tiny | u8::try_from(length).unwrap());
        } else {
            out.push(wide);
            out.extend(u32::try_from(length).unwrap().to_be_bytes());
        }
    };
    match value {
        Json::Null => out.push(0xc0),
        Json::Bool(value) => out.push(if *value { 0xc3 } else { 0xc2 }),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => {
                out.push(0xcb);
                out.extend(integer.to_be_bytes());
            }
            None => {
                out.push(0xc1);
                out.extend(number.as_f64().unwrap().to_be_bytes());
            }
        },
        Json::String(text) => {
            size(0x80, 0xd2, text.len(), out);
            out.extend(text.as_bytes());
        }
        Json::Array(items) => {
            size(0x90, 0xd6, items.len(), out);
            items.iter().for_each(|item| pack(item, out));
        }
        Json::Object(members) => {
            size(0xa0, 0xda, members.len(), out);
            for (name, member) in members {
                pack(&json!(name), out);
                pack(member, out);
            }
        }
    }
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(length);
    *bytes = rest;
    taken
}

fn number(bytes: &mut &[u8], length: usize) -> i64 {
    let taken = take(bytes, length);
    let sign = if taken[0] >= 0x80 { 0xff } else { 0 };
    let mut wide = [sign; 8];
    wide[8 - length..].copy_from_slice(taken);
    i64::from_be_bytes(wide)
}

fn length(bytes: &mut &[u8], width: usize) -> usize {
    take(bytes, width)
        .iter()
        .fold(0, |length, byte| length << 8 | usize::from(*byte))
}

fn unpack(bytes: &mut &[u8]) -> Packed {
    let marker = take(bytes, 1)[0];
    let json = match marker {
        0xc0 => Json::Null,
        0xc1 => float(f64::from_be_bytes(take(bytes, 8).try_into().unwrap())),
        0xc2 => Json::Bool(false),
        0xc3 => Json::Bool(true),
        0xc8 => json!(number(bytes, 1)),
        0xc9 => json!(number(bytes, 2)),
        0xca => json!(number(bytes, 4)),
        0xcb => json!(number(bytes, 8)),
        0x80..=0x8f => text(bytes, usize::from(marker & 15)),
        0xd0..=0xd2 => {
            let length = length(bytes, 1 << (marker - 0xd0));
            text(bytes, length)
        }
        0x90..=0x9f => list(bytes, usize::from(marker & 15)),
        0xd4..=0xd6 => {
            let length = length(bytes, 1 << (marker - 0xd4));
            list(bytes, length)
        }
        0xa0..=0xaf => map(bytes, usize::from(marker & 15)),
        0xd8..=0xda => {
            let length = length(bytes, 1 << (marker - 0xd8));
            map(bytes, length)
        }
        0xb0..=0xbf => {
            let kind = take(bytes, 1)[0];
            let fields: Vec<Packed> = (0..marker & 15).map(|_| unpack(bytes)).collect();
            return match kind {
                b'N' | b'R' | b'P' | b'r' => Packed::Json(entity(kind, fields)),
                b'D' | b'I' | b'E' => Packed::Json(time(kind, fields)),
                _ => Packed::Structure(kind, fields),
            };
        }
        0xf0..=0xff | 0..=0x7f => json!(i64::from(marker.cast_signed())),
        other => panic!("unknown marker {other:#x}"),
    };
    Packed::Json(json)
}

/// As the answers of ATG write it.
fn float(value: f64) -> Json {
    serde_json::Number::from_f64(value).map_or_else(
        || {
            let name = if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            json!(name)
        },
        Json::Number,
    )
}

fn plain(bytes: &mut &[u8]) -> Json {
    match unpack(bytes) {
        Packed::Json(value) => value,
        Packed::Structure(kind, _) => json!(format!("structure {kind:#x}")),
    }
}

fn text(bytes: &mut &[u8], length: usize) -> Json {
    json!(std::str::from_utf8(take(bytes, length)).unwrap())
}

fn list(bytes: &mut &[u8], length: usize) -> Json {
    Json::Array((0..length).map(|_| plain(bytes)).collect())
}

fn map(bytes: &mut &[u8], length: usize) -> Json {
    let mut members = Map::new();
    for _ in 0..length {
        let name = plain(bytes);
        members.insert(name.as_str().unwrap().to_owned(), plain(bytes));
    }
    Json::Object(members)
}

/// Nodes, relationships and paths in the shape of ATG's answers.
fn entity(kind: u8, fields: Vec<Packed>) -> Json {
    let mut fields: Vec<Json> = fields
        .into_iter()
        .map(|field| match field {
            Packed::Json(value) => value,
            Packed::Structure(..) => Json::Null,
        })
        .collect();
    match kind {
        b'N' => json!({ "labels": fields[1].take(), "properties": fields[2].take() }),
        b'R' => json!({ "type": fields[3].take(), "properties": fields[4].take() }),
        b'r' => json!({ "type": fields[1].take(), "properties": fields[2].take() }),
        _ => {
            // Nodes and relationships once each, then the way through them.
            let (nodes, relationships) = (fields[0].as_array().unwrap(), fields[1].as_array().unwrap());
            let way: Vec<i64> = fields[2]
                .as_array()
                .unwrap()
                .iter()
                .map(|step| step.as_i64().unwrap())
                .collect();
            let at = |index: i64| usize::try_from(index).unwrap();
            let mut walked = vec![nodes[0].clone()];
            let mut taken = Vec::new();
            for step in way.chunks(2) {
                taken.push(relationships[at(step[0].abs()) - 1].clone());
                walked.push(nodes[at(step[1])].clone());
            }
            json!({ "nodes": walked, "relationships": taken })
        }
    }
}

/// Dates, times and durations as the texts that `toString` gives; here by another way than in the store.
fn time(kind: u8, fields: Vec<Packed>) -> Json {
    let numbers: Vec<i64> = fields
        .into_iter()
        .map(|field| match field {
            Packed::Json(number) => number.as_i64().unwrap(),
            Packed::Structure(..) => panic!("a time is made of numbers"),
        })
        .collect();
    let epoch = jiff::civil::date(1970, 1, 1);
    match (kind, numbers.as_slice()) {
        (b'D', [days]) => json!(
            epoch
                .checked_add(jiff::Span::new().days(*days))
                .unwrap()
                .to_string()
        ),
        (b'I', [seconds, nanos, offset]) => {
            let offset = jiff::tz::Offset::from_seconds(i32::try_from(*offset).unwrap()).unwrap();
            let moment = jiff::Timestamp::new(*seconds, i32::try_from(*nanos).unwrap()).unwrap();
            let zone = if offset == jiff::tz::Offset::UTC {
                "Z".to_owned()
            } else {
                offset.to_string()
            };
            let zone = if zone.len() == 3 {
                format!("{zone}:00")
            } else {
                zone
            };
            json!(format!("{}{zone}", offset.to_datetime(moment)))
        }
        (_, [months, days, seconds, nanos]) => json!(duration(*months, *days, *seconds, *nanos)),
        _ => panic!("an unknown kind of time"),
    }
}

fn duration(months: i64, days: i64, seconds: i64, nanos: i64) -> String {
    let part = |count: i64, unit: &str| {
        if count == 0 {
            String::new()
        } else {
            format!("{count}{unit}")
        }
    };
    let date = [part(months / 12, "Y"), part(months % 12, "M"), part(days, "D")].concat();
    // Seconds and their fraction have one sign.
    let (seconds, nanos) = if seconds < 0 && nanos > 0 {
        (seconds + 1, nanos - 1_000_000_000)
    } else {
        (seconds, nanos)
    };
    let sign = if nanos < 0 && seconds % 60 == 0 { "-" } else { "" };
    let rest = match (seconds % 60, nanos) {
        (0, 0) => String::new(),
        (whole, 0) => format!("{whole}S"),
        (whole, nanos) => {
            let fraction = format!("{:09}", nanos.abs());
            format!("{sign}{whole}.{}S", fraction.trim_end_matches('0'))
        }
    };
    let time = [part(seconds / 3600, "H"), part(seconds / 60 % 60, "M"), rest].concat();
    match (date.is_empty(), time.is_empty()) {
        (true, true) => "PT0S".to_owned(),
        (_, true) => format!("P{date}"),
        _ => format!("P{date}T{time}"),
    }
}
