//! `report.json`: what became of every object, and what is left to do by hand.

use std::collections::BTreeMap;

use atg_json::write_string;

use crate::{
    plan::{Kind, Origin, Plan, Target},
    planner::{Planned, Survey},
    writer::Written,
};

/// The version of the report's form. A reader that knows it may rely on every member.
const VERSION: u32 = 1;

/// How a plan came out in one language.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The language's name.
    pub format: &'a str,
    /// What was planned.
    pub planned: &'a Planned,
    /// What the writer did; `None` where nothing was written.
    pub written: Option<&'a Written>,
    /// The files that were written, in the order in which they were.
    pub files: &'a [String],
}

/// Something that is not in the files though it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing<'a> {
    /// Its ID as Azure spelled it.
    pub id: &'a str,
    /// Why, in words.
    pub reason: String,
}

impl<'a> Report<'a> {
    /// How many resources stand in the files.
    #[must_use]
    pub fn resources(&self) -> usize {
        let omitted = self.written.map_or(0, |written| written.omitted.len());
        self.planned.plan.resources.len() - omitted
    }

    /// How many objects are not written as resources of their own, by reason.
    #[must_use]
    pub fn skipped(&self) -> BTreeMap<&'static str, u64> {
        let mut out = BTreeMap::new();
        for skipped in &self.planned.plan.skipped {
            *out.entry(skipped.reason.name()).or_insert(0) += 1;
        }
        if let Some(written) = self.written.filter(|written| !written.omitted.is_empty()) {
            let count = u64::try_from(written.omitted.len()).unwrap_or(u64::MAX);
            *out.entry(crate::plan::Reason::Language.name()).or_insert(0) += count;
        }
        out
    }

    /// What was asked for and is not in the files, in the order of the report.
    #[must_use]
    pub fn missing(&self) -> Vec<Missing<'a>> {
        let plan = &self.planned.plan;
        let lost = plan
            .skipped
            .iter()
            .filter(|skipped| skipped.reason.is_loss())
            .map(|skipped| {
                let detail = skipped.detail.as_deref().unwrap_or(skipped.reason.name());
                Missing {
                    id: &skipped.id,
                    reason: detail.to_owned(),
                }
            });
        let omitted = self.written.map_or(&[][..], |written| &written.omitted[..]);
        lost.chain(omitted.iter().map(|omission| Missing {
            id: &plan.resource(omission.resource).id,
            reason: omission.reason.clone(),
        }))
        .collect()
    }

    /// The text of `report.json`: members that a person looks for first, then one line an object, ordered by ID.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Lines::new();
        let Planned { plan, survey, .. } = self.planned;
        out.member("version", |line| line.number(u64::from(VERSION)));
        out.member("format", |line| line.text(self.format));
        out.member("tenant_id", |line| line.text(&plan.tenant.to_string()));
        out.member("counts", |line| self.counts(survey, line));
        out.list("files", self.files, |line, file| {
            line.text(file);
        });
        out.list("unknown_types", &survey.unknown_types, |line, name| {
            line.text(name);
        });
        out.list("missing", &self.missing(), |line, missing| {
            line.object(|line| {
                line.text_member("id", missing.id);
                line.text_member("reason", &missing.reason);
            });
        });
        self.checklist(&mut out);
        let of_writer = self.written.map_or(&[][..], |written| &written.notes[..]);
        let notes: Vec<&String> = survey.notes.iter().chain(of_writer).collect();
        out.list("notes", &notes, |line, note| line.text(note));
        let unresolved: Vec<_> = survey.unresolved.iter().collect();
        out.list("unresolved", &unresolved, |line, (id, owner)| {
            line.object(|line| {
                line.text_member("id", id);
                line.text_member("in", owner);
            });
        });
        out.list("outside", &plan.externals, |line, external| {
            line.object(|line| {
                line.text_member("id", &external.id);
                line.text_member("name", external.symbol.as_str());
                if let Some(parameter) = external.parameter {
                    line.text_member("parameter", plan.parameter(parameter).symbol.as_str());
                }
            });
        });
        self.objects(&mut out);
        out.end()
    }

    fn counts(&self, survey: &Survey, line: &mut Line) {
        let plan = &self.planned.plan;
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        line.object(|line| {
            line.number_member("objects", survey.objects);
            line.number_member("resources", count(self.resources()));
            line.name("skipped");
            line.object(|line| {
                for (reason, number) in self.skipped() {
                    line.number_member(reason, number);
                }
            });
            line.number_member("missing", count(self.missing().len()));
            line.number_member("associations", count(plan.associations.len()));
            line.number_member("outside", count(plan.externals.len()));
            line.number_member("parameters", count(plan.parameters.len()));
            let secrets = plan
                .parameters
                .iter()
                .filter(|parameter| parameter.is_secret())
                .count();
            line.number_member("secrets", count(secrets));
            line.name("references");
            line.object(|line| {
                line.number_member("to_resources", survey.references_inside);
                line.number_member("to_outside", survey.references_outside);
                line.number_member("the_same_everywhere", survey.references_literal);
                line.number_member("unresolved", count(survey.unresolved.len()));
            });
        });
    }

    /// What whoever applies the files has to give.
    fn checklist(&self, out: &mut Lines) {
        let plan = &self.planned.plan;
        let secrets: Vec<_> = plan
            .parameters
            .iter()
            .filter(|parameter| parameter.is_secret() || parameter.default.is_none())
            .collect();
        out.list("checklist", &secrets, |line, parameter| {
            line.object(|line| {
                line.text_member("parameter", parameter.symbol.as_str());
                line.text_member("description", &parameter.description);
                if let Origin::Redacted { owner, path } | Origin::WriteOnly { owner, path } =
                    &parameter.origin
                {
                    line.text_member("id", &plan.resource(*owner).id);
                    line.text_member("path", path);
                    let is_there = matches!(parameter.origin, Origin::Redacted { .. });
                    line.text_member("kind", if is_there { "taken_out" } else { "never_answered" });
                }
            });
        });
    }

    fn objects(&self, out: &mut Lines) {
        let plan = &self.planned.plan;
        let omitted: BTreeMap<usize, &str> = self
            .written
            .into_iter()
            .flat_map(|written| &written.omitted)
            .map(|omission| (omission.resource.index(), omission.reason.as_str()))
            .collect();
        let mut order: Vec<Row> = (0..plan.resources.len())
            .map(Row::Resource)
            .chain((0..plan.skipped.len()).map(Row::Skipped))
            .collect();
        order.sort_by_cached_key(|row| row.id(plan).to_lowercase());
        out.list("objects", &order, |line, row| {
            line.object(|line| {
                line.text_member("id", row.id(plan));
                match row {
                    Row::Resource(at) => self.resource(*at, omitted.get(at).copied(), line),
                    Row::Skipped(at) => {
                        let skipped = &plan.skipped[*at];
                        line.optional_member("type", skipped.resource_type.as_deref());
                        line.text_member("outcome", "skipped");
                        line.text_member("reason", skipped.reason.name());
                        line.optional_member("detail", skipped.detail.as_deref());
                    }
                }
            });
        });
    }

    fn resource(&self, at: usize, omitted: Option<&str>, line: &mut Line) {
        let plan = &self.planned.plan;
        let resource = &plan.resources[at];
        line.text_member("type", type_of(plan, at));
        if let Some(reason) = omitted {
            line.text_member("outcome", "skipped");
            line.text_member("reason", "language");
            line.text_member("detail", reason);
            return;
        }
        line.text_member(
            "outcome",
            if self.written.is_some() {
                "written"
            } else {
                "planned"
            },
        );
        line.text_member("name", resource.symbol.as_str());
        if let Some(block) = self.written.and_then(|written| written.blocks.get(at)) {
            line.text_member("block", block);
        }
        if let Some(remark) = self.remark(at) {
            line.text_member("remark", &remark);
        }
        if let Kind::Arm {
            api_version, known, ..
        } = &resource.kind
        {
            line.text_member("api_version", api_version);
            if !known {
                line.text_member("care", "little is known of its type");
            }
        }
        if resource.thin {
            line.text_member("care", "the source did not say what it holds");
        }
        if let Target::External(parent) = resource.parent {
            line.text_member("outside", plan.external(parent).symbol.as_str());
        }
    }
}

impl Report<'_> {
    /// What the writer remarked of a resource.
    fn remark(&self, at: usize) -> Option<String> {
        let remarks = &self.written?.remarks;
        let first = remarks.partition_point(|(key, _)| key.index() < at);
        let of_it: Vec<&str> = remarks[first..]
            .iter()
            .take_while(|(key, _)| key.index() == at)
            .map(|(_, remark)| remark.as_str())
            .collect();
        (!of_it.is_empty()).then(|| of_it.join("; "))
    }
}

fn type_of(plan: &Plan, at: usize) -> &str {
    match &plan.resources[at].kind {
        Kind::Arm { resource_type, .. } => resource_type.as_str(),
        Kind::Entra(kind) => kind.type_name(),
    }
}

/// A line of the list of objects.
enum Row {
    Resource(usize),
    Skipped(usize),
}

impl Row {
    fn id<'a>(&self, plan: &'a Plan) -> &'a str {
        match self {
            Self::Resource(at) => &plan.resources[*at].id,
            Self::Skipped(at) => &plan.skipped[*at].id,
        }
    }
}

/// A JSON document with one line a member, and one a list's element.
struct Lines(Line);

impl Lines {
    fn new() -> Self {
        Self(Line {
            out: "{".to_owned(),
            is_first: true,
        })
    }

    fn member(&mut self, name: &str, value: impl FnOnce(&mut Line)) {
        self.0.separate("\n  ");
        write_string(name, &mut self.0.out);
        self.0.out.push_str(": ");
        value(&mut self.0);
        self.0.is_first = false;
    }

    fn list<T>(&mut self, name: &str, items: &[T], mut each: impl FnMut(&mut Line, &T)) {
        self.member(name, |line| {
            line.out.push('[');
            for (at, item) in items.iter().enumerate() {
                line.out.push_str(if at == 0 { "\n    " } else { ",\n    " });
                each(line, item);
            }
            line.out.push_str(if items.is_empty() { "]" } else { "\n  ]" });
        });
    }

    fn end(mut self) -> String {
        self.0.out.push_str("\n}\n");
        self.0.out
    }
}

/// Values on one line.
struct Line {
    out: String,
    is_first: bool,
}

impl Line {
    fn separate(&mut self, with: &str) {
        if !self.is_first {
            self.out.push(',');
        }
        self.out.push_str(with);
        self.is_first = false;
    }

    fn text(&mut self, text: &str) {
        write_string(text, &mut self.out);
    }

    fn number(&mut self, number: u64) {
        self.out.push_str(&number.to_string());
    }

    fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.out.push('{');
        self.is_first = true;
        members(self);
        self.out.push('}');
        self.is_first = false;
    }

    fn name(&mut self, name: &str) {
        self.separate(if self.is_first { "" } else { " " });
        write_string(name, &mut self.out);
        self.out.push_str(": ");
    }

    fn text_member(&mut self, name: &str, text: &str) {
        self.name(name);
        self.text(text);
    }

    fn optional_member(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text_member(name, text);
        }
    }

    fn number_member(&mut self, name: &str, number: u64) {
        self.name(name);
        self.number(number);
    }
}

#[cfg(test)]
mod tests {
    use atg_json::Json;

    use super::*;
    use crate::{
        plan::{ResourceKey, example},
        writer::Omission,
    };

    fn planned() -> Planned {
        Planned {
            plan: example::plan(),
            survey: Survey {
                objects: 11,
                references_inside: 4,
                ..Survey::default()
            },
            explanations: Vec::new(),
        }
    }

    #[test]
    fn every_object_has_its_line_and_the_whole_is_json() {
        let planned = planned();
        let written = Written {
            blocks: vec!["azapi_resource"; planned.plan.resources.len()],
            omitted: vec![Omission {
                resource: ResourceKey(9),
                reason: "it has \"no\" groups".to_owned(),
            }],
            remarks: vec![
                (ResourceKey(0), "one".to_owned()),
                (ResourceKey(0), "two".to_owned()),
            ],
            notes: vec!["do this".to_owned()],
        };
        let report = Report {
            format: "terraform",
            planned: &planned,
            written: Some(&written),
            files: &["main.tf".to_owned()],
        };
        let text = report.to_json();
        let json = Json::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
        let objects = json.get("objects").and_then(Json::as_array).unwrap();
        assert_eq!(objects.len(), 11);
        let outcomes = objects
            .iter()
            .filter(|object| object.get("outcome") == Some(&Json::from("written")));
        assert_eq!(outcomes.count(), 9);
        assert_eq!(json.at(&["counts", "skipped", "language"]), Some(&Json::from(1)));
        assert_eq!(json.at(&["counts", "missing"]), Some(&Json::from(1)));
        assert_eq!(json.get("checklist").and_then(Json::as_array).unwrap().len(), 1);
        assert_eq!(report.resources(), 9);
        assert!(
            text.lines().count() > 11,
            "a line an object, so that two reports can be compared"
        );
    }

    #[test]
    fn what_is_only_planned_says_so() {
        let planned = planned();
        let report = Report {
            format: "arm",
            planned: &planned,
            written: None,
            files: &[],
        };
        let text = report.to_json();
        assert!(
            text.contains("\"outcome\": \"planned\"") && !text.contains("block"),
            "{text}"
        );
        assert_eq!(report.missing(), []);
    }
}
