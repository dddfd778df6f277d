//! The files of queries with their answers.
//!
//! A file is a list of blocks with an empty line between them. `== ` begins a section of the documentation, `-- ` says
//! what the next query shows, `?? ` gives its parameters. Then comes the query, then its rows as JSON, one a line,
//! `(no rows)` where there is none, or `!! ` and the refusal.

use std::{fmt::Write as _, fs, path::PathBuf};

use serde_json::{Map, Value as Json};

/// One query with its answer.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) section: Option<String>,
    pub(crate) about: Option<String>,
    pub(crate) parameters: Map<String, Json>,
    pub(crate) query: String,
    pub(crate) rows: Vec<Vec<Json>>,
    pub(crate) refusal: Option<String>,
}

impl Case {
    /// Whether the order of the rows is part of the answer.
    pub(crate) fn is_ordered(&self) -> bool {
        let upper = self.query.to_uppercase();
        let last = upper.rfind("RETURN").map_or("", |at| &upper[at..]);
        last.contains("ORDER BY")
    }
}

/// A file of cases.
pub(crate) struct Battery {
    path: PathBuf,
    pub(crate) cases: Vec<Case>,
}

impl Battery {
    pub(crate) fn read(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/it/cypher/battery")
            .join(name);
        let text = fs::read_to_string(&path).unwrap();
        let mut cases = Vec::new();
        let mut section = None;
        for block in text
            .split("\n\n")
            .map(str::trim_matches_newlines)
            .filter(|block| !block.is_empty())
        {
            let mut case = Case {
                section: section.take(),
                about: None,
                parameters: Map::new(),
                query: String::new(),
                rows: Vec::new(),
                refusal: None,
            };
            for line in block.lines() {
                if let Some(title) = line.strip_prefix("== ") {
                    case.section = Some(title.to_owned());
                } else if let Some(about) = line.strip_prefix("-- ") {
                    case.about = Some(about.to_owned());
                } else if let Some(parameters) = line.strip_prefix("?? ") {
                    case.parameters =
                        serde_json::from_str(parameters).unwrap_or_else(|error| panic!("{line}: {error}"));
                } else if let Some(refusal) = line.strip_prefix("!! ") {
                    case.refusal = Some(refusal.to_owned());
                } else if line.starts_with('[') {
                    case.rows
                        .push(serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")));
                } else if line != "(no rows)" {
                    if !case.query.is_empty() {
                        case.query.push('\n');
                    }
                    case.query.push_str(line);
                }
            }
            if case.query.is_empty() {
                section = case.section;
            } else {
                cases.push(case);
            }
        }
        Self { path, cases }
    }

    /// Writes the file anew, with the answers that the cases hold now.
    pub(crate) fn write(&self) {
        let mut text = String::new();
        for case in &self.cases {
            if let Some(section) = &case.section {
                let _ = writeln!(text, "== {section}\n");
            }
            if let Some(about) = &case.about {
                let _ = writeln!(text, "-- {about}");
            }
            if !case.parameters.is_empty() {
                let _ = writeln!(text, "?? {}", Json::Object(case.parameters.clone()));
            }
            let _ = writeln!(text, "{}", case.query);
            if let Some(refusal) = &case.refusal {
                let _ = writeln!(text, "!! {refusal}");
            } else if case.rows.is_empty() {
                text.push_str("(no rows)\n");
            }
            for row in &case.rows {
                let _ = writeln!(text, "{}", Json::Array(row.clone()));
            }
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        fs::write(&self.path, text).unwrap();
    }
}

trait TrimNewlines {
    fn trim_matches_newlines(&self) -> &str;
}

impl TrimNewlines for str {
    fn trim_matches_newlines(&self) -> &str {
        self.trim_matches('\n')
    }
}

/// Rows as two stores may be compared: labels in one order, and the rows too unless their order is asked for.
pub(crate) fn normal(rows: &[Vec<Json>], ordered: bool) -> Vec<Vec<Json>> {
    let mut rows: Vec<Vec<Json>> = rows
        .iter()
        .map(|row| row.iter().map(normal_value).collect())
        .collect();
    if !ordered {
        rows.sort_by_cached_key(|row| Json::Array(row.clone()).to_string());
    }
    rows
}

fn normal_value(value: &Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.iter().map(normal_value).collect()),
        Json::Object(members) => {
            let mut sorted: Vec<(&String, Json)> = members
                .iter()
                .map(|(name, member)| (name, normal_value(member)))
                .collect();
            sorted.sort_by_key(|(name, _)| *name);
            let mut object: Map<String, Json> = sorted
                .into_iter()
                .map(|(name, member)| (name.clone(), member))
                .collect();
            if object.len() == 2
                && object.contains_key("properties")
                && let Some(Json::Array(labels)) = object.get_mut("labels")
            {
                labels.sort_by_key(ToString::to_string);
            }
            Json::Object(object)
        }
        // The two zeros are equal as numbers, so a comparison of rows would not tell them apart.
        Json::Number(number)
            if number
                .as_f64()
                .is_some_and(|zero| zero == 0.0 && zero.is_sign_negative()) =>
        {
            Json::from("negative zero")
        }
        other => other.clone(),
    }
}
