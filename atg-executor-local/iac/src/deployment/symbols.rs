//! Names that the plan did not give: of units, of values that travel between them.

use std::collections::BTreeSet;

use crate::plan::{Attribute, Plan, Symbol};

/// Functions that the files call. Something of that name would hide them.
const FUNCTIONS: [&str; 8] = [
    "az",
    "deployment",
    "json",
    "last",
    "subscription",
    "sys",
    "tenant",
    "toobject",
];

/// The names that are taken already.
#[derive(Debug)]
pub(super) struct Taken(BTreeSet<String>);

impl Taken {
    pub(super) fn of(plan: &Plan) -> Self {
        let resources = plan.resources.iter().map(|resource| &resource.symbol);
        let externals = plan.externals.iter().map(|external| &external.symbol);
        let parameters = plan.parameters.iter().map(|parameter| &parameter.symbol);
        let associations = plan.associations.iter().map(|association| &association.symbol);
        Self(
            resources
                .chain(externals)
                .chain(parameters)
                .chain(associations)
                .map(|symbol| symbol.as_str().to_owned())
                .chain(FUNCTIONS.map(str::to_owned))
                .collect(),
        )
    }

    /// A free name that begins with that text, which it takes.
    pub(super) fn take(&mut self, wanted: &str) -> String {
        let wanted = &wanted[..wanted.len().min(Symbol::MAX)];
        let mut name = wanted.to_owned();
        for number in 2_u32.. {
            if self.0.insert(name.clone()) {
                break;
            }
            name = format!("{wanted}_{number}");
        }
        name
    }
}

/// Whether something of that name would hide a function that the files call.
pub(super) fn hides_a_function(symbol: &str) -> bool {
    FUNCTIONS.contains(&symbol)
}

/// What a value of a resource is called when it travels: `id_app_principal_id`.
pub(super) fn crossing(symbol: &str, attribute: &Attribute) -> String {
    let suffix = match attribute {
        Attribute::Id => "id".to_owned(),
        Attribute::Name => "name".to_owned(),
        Attribute::PrincipalId => "principal_id".to_owned(),
        Attribute::ClientId => "client_id".to_owned(),
        Attribute::ObjectId => "object_id".to_owned(),
        Attribute::AppId => "app_id".to_owned(),
        Attribute::Output(path) => path.last().map_or_else(String::new, |last| snake_case(last)),
    };
    format!("{symbol}_{suffix}")
}

fn snake_case(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(Symbol::MAX) {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        });
    }
    out
}
