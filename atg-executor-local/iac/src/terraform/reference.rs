//! What is known of a thing, as an expression that can stand in a given room.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use super::{
    azuread, azurerm,
    hcl::{Expression, Part, Reference as Path, Step},
    room::{ROOT, RoomKey, Rooms},
    rules,
};
use crate::plan::{
    Attribute, ExternalKey, ExternalKind, Kind, ParameterKey, Piece, Plan, Reference, Resource, ResourceKey,
    Target, Text,
};
use crate::writer::Layout;

/// How a resource is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Azurerm(&'static azurerm::Mapping),
    Azapi,
    Azuread(&'static azuread::Mapping),
}

impl Form {
    /// The type of its block.
    pub(super) const fn block(self) -> &'static str {
        match self {
            Self::Azurerm(mapping) => mapping.block,
            Self::Azapi => "azapi_resource",
            Self::Azuread(mapping) => mapping.block,
        }
    }
}

/// What the IDs of management groups begin with.
const MANAGEMENT_GROUPS: &str = "/providers/Microsoft.Management/managementGroups/";

/// What is fixed before anything is written.
#[derive(Debug)]
pub(super) struct Scene<'p> {
    pub(super) plan: &'p Plan,
    pub(super) forms: Vec<Form>,
    pub(super) rooms: Rooms,
    pub(super) layout: Layout,
    /// By resource: its ID in the tenant that was read, spelled as the providers spell it. `None` where it is not there.
    pub(super) imports: Vec<Option<String>>,
}

/// What a module needs from outside.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Need {
    Attribute(ResourceKey, Attribute),
    Parameter(ParameterKey),
}

/// Who needs what from whom, gathered while resources are written. Only modules have walls.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// By room: its inputs and what the root gives for them, in the order in which they were first needed.
    pub(super) inputs: Vec<Vec<(String, Need, Expression)>>,
    /// By room: its outputs.
    pub(super) outputs: Vec<Vec<(String, Expression)>>,
    known_inputs: HashMap<(RoomKey, Need), usize>,
    known_outputs: HashMap<(ResourceKey, Attribute), String>,
    names: HashSet<(RoomKey, bool, String)>,
}

impl Scene<'_> {
    /// Whether IDs are those of the tenant that was read, so that their spelling matters.
    fn exists(&self, target: Target) -> bool {
        match target {
            Target::Resource(key) => self.imports[key.index()].is_some(),
            Target::External(_) => true,
        }
    }

    /// What an ID evaluates to where the files are applied to the tenant they were made from.
    pub(super) fn actual_id(&self, target: Target) -> Option<String> {
        match target {
            Target::Resource(key) => self.imports[key.index()].clone(),
            Target::External(key) => {
                let external = self.plan.external(key);
                let own = last_segment(&external.id);
                match external.kind {
                    ExternalKind::Tenant => Some(String::new()),
                    ExternalKind::Subscription => Some(format!("/subscriptions/{own}")),
                    ExternalKind::ManagementGroup => Some(format!("{MANAGEMENT_GROUPS}{own}")),
                    ExternalKind::Directory => Some(external.id.clone()),
                    ExternalKind::ResourceGroup | ExternalKind::Resource { .. } => {
                        let is_whole = matches!(external.kind, ExternalKind::Resource { .. });
                        let parent = external
                            .parent
                            .filter(|_| !(is_whole && external.parameter.is_some()));
                        let rest = parent.and_then(|parent| rest_of(&external.id, self.id_text(parent)));
                        match (parent, rest) {
                            (Some(parent), Some(rest)) => Some(self.actual_id(parent)? + rest),
                            _ => Some(external.id.clone()),
                        }
                    }
                }
            }
        }
    }

    /// What a resource is imported by: the parent's ID, and then its own part.
    ///
    /// One resource may spell the name of its group otherwise than the group itself; a provider that is given the
    /// group's name for the one and reads another name from the other's ID would make it anew.
    pub(super) fn import_id(&self, resource: &Resource) -> Option<String> {
        let own = resource.import_id.clone()?;
        if resource.resource_type().is_none() {
            return Some(own);
        }
        let parent = self.actual_id(resource.parent)?;
        let rest = resource.id_suffix() + resource.name.as_literal()?;
        let composed = parent.trim_end_matches('/').to_owned() + &rest;
        // Whatever hangs on its parent in a way of its own keeps the ID that it has.
        Some(if composed.eq_ignore_ascii_case(&own) {
            composed
        } else {
            own
        })
    }

    /// Its ID as the plan has it.
    fn id_text(&self, target: Target) -> &str {
        match target {
            Target::Resource(key) => &self.plan.resource(key).id,
            Target::External(key) => &self.plan.external(key).id,
        }
    }

    /// The expression for something known of a resource, in the room where the resource stands.
    fn local(&self, key: ResourceKey, attribute: &Attribute) -> Option<Expression> {
        let resource = self.plan.resource(key);
        let form = self.forms[key.index()];
        let mut steps = vec![Step::Name(resource.symbol.to_string())];
        let names = |steps: &mut Vec<Step>, names: &[&str]| {
            steps.extend(names.iter().map(|name| Step::Name((*name).to_owned())));
        };
        match (form, attribute) {
            (Form::Azurerm(mapping), Attribute::Output(path)) => names(&mut steps, &[mapping.output(path)?]),
            (Form::Azurerm(mapping), Attribute::PrincipalId) => {
                if resource.identity.is_some() {
                    names(&mut steps, &["identity"]);
                    steps.push(Step::Index(0));
                    names(&mut steps, &["principal_id"]);
                } else {
                    names(&mut steps, &[mapping.output(&["properties", "principalId"])?]);
                }
            }
            (Form::Azurerm(mapping), Attribute::ClientId) => {
                names(&mut steps, &[mapping.output(&["properties", "clientId"])?]);
            }
            (Form::Azapi, Attribute::PrincipalId) if resource.identity.is_some() => {
                names(&mut steps, &["identity"]);
                steps.push(Step::Index(0));
                names(&mut steps, &["principal_id"]);
            }
            // Without a schema the provider does not know which of the properties to put into the output.
            (Form::Azapi, Attribute::PrincipalId | Attribute::ClientId | Attribute::Output(_))
                if !matches!(resource.kind, Kind::Arm { known: true, .. }) =>
            {
                return None;
            }
            (Form::Azapi, Attribute::PrincipalId) => {
                names(&mut steps, &["output", "properties", "principalId"]);
            }
            (Form::Azapi, Attribute::ClientId) => names(&mut steps, &["output", "properties", "clientId"]),
            (Form::Azapi, Attribute::Output(path)) => {
                names(&mut steps, &["output"]);
                steps.extend(path.iter().map(|name| Step::Name(name.clone())));
            }
            (Form::Azapi | Form::Azurerm(_), Attribute::Id) => names(&mut steps, &["id"]),
            (Form::Azapi | Form::Azurerm(_), Attribute::Name) => names(&mut steps, &["name"]),
            (Form::Azuread(mapping), Attribute::AppId) => names(&mut steps, &[mapping.app_id?]),
            (
                Form::Azuread(_),
                Attribute::ObjectId | Attribute::Id | Attribute::PrincipalId | Attribute::Name,
            ) => {
                names(&mut steps, &["object_id"]);
            }
            (Form::Azuread(_), Attribute::ClientId | Attribute::Output(_))
            | (Form::Azapi | Form::Azurerm(_), Attribute::ObjectId | Attribute::AppId) => return None,
        }
        Some(Expression::Reference(Path {
            root: form.block().to_owned(),
            steps,
        }))
    }
}

fn own_identity_id(id: &str) -> Option<String> {
    const FIXED: [&str; 5] = [
        "subscriptions",
        "resourceGroups",
        "providers",
        "Microsoft.ManagedIdentity",
        "userAssignedIdentities",
    ];
    let segments: Vec<&str> = id.split('/').collect();
    let [
        "",
        subscriptions,
        subscription,
        groups,
        group,
        providers,
        namespace,
        kind,
        name,
    ] = segments[..]
    else {
        return None;
    };
    let fixed = [subscriptions, groups, providers, namespace, kind];
    let same = fixed
        .iter()
        .zip(FIXED)
        .all(|(own, known)| own.eq_ignore_ascii_case(known));
    let [subscriptions, groups, providers, namespace, kind] = FIXED;
    same.then(|| {
        format!("/{subscriptions}/{subscription}/{groups}/{group}/{providers}/{namespace}/{kind}/{name}")
    })
}

/// What lies behind the parent's ID, whatever the case in which the parent is spelled.
fn rest_of<'i>(id: &'i str, parent: &str) -> Option<&'i str> {
    let parent = parent.trim_end_matches('/');
    let (head, rest) = id.split_at_checked(parent.len())?;
    head.eq_ignore_ascii_case(parent).then_some(rest)
}

/// Writes references from within one room.
#[derive(Debug)]
pub(super) struct Here<'a, 'p> {
    pub(super) scene: &'a Scene<'p>,
    pub(super) room: RoomKey,
    pub(super) needs: &'a mut Needs,
}

impl<'p> Here<'_, 'p> {
    pub(super) const fn plan(&self) -> &'p Plan {
        self.scene.plan
    }

    /// The expression for a reference, evaluating to exactly what stood in the source where that still exists.
    pub(super) fn reference(&mut self, reference: &Reference) -> Expression {
        let Some(expression) = self.attribute(reference.target, &reference.attribute) else {
            return Expression::Text(reference.spelled.to_string());
        };
        if reference.attribute != Attribute::Id || !self.scene.exists(reference.target) {
            return expression;
        }
        match self.scene.actual_id(reference.target) {
            Some(actual) if *actual != *reference.spelled => {
                respelled(expression, &actual, &reference.spelled)
            }
            _ => expression,
        }
    }

    /// The expression for something known of a thing; `None` where nothing but the literal will do.
    pub(super) fn attribute(&mut self, target: Target, attribute: &Attribute) -> Option<Expression> {
        match target {
            Target::External(key) => self.external(key, attribute),
            Target::Resource(key) => {
                let local = self.scene.local(key, attribute)?;
                let there = self.scene.rooms.of(key.index());
                if self.scene.layout != Layout::Modules || there == self.room {
                    return Some(local);
                }
                Some(self.over_the_wall(key, attribute, there, local))
            }
        }
    }

    /// Through an output of the module there and an input of the module here.
    fn over_the_wall(
        &mut self,
        key: ResourceKey,
        attribute: &Attribute,
        there: RoomKey,
        local: Expression,
    ) -> Expression {
        let wish = format!("{}_{}", self.plan().resource(key).symbol, suffix(attribute));
        let given = if there == ROOT {
            local
        } else {
            let name = self.needs.output(there, key, attribute, &wish, local);
            let module = &self.scene.rooms.rooms[there].name;
            Expression::reference("module", [module.as_str(), name.as_str()])
        };
        if self.room == ROOT {
            return given;
        }
        let need = Need::Attribute(key, attribute.clone());
        Expression::variable(&self.needs.input(self.room, need, &wish, given))
    }

    /// The value of a parameter.
    pub(super) fn parameter(&mut self, key: ParameterKey) -> Expression {
        let name = self.plan().parameter(key).symbol.as_str();
        let given = Expression::variable(name);
        if self.scene.layout != Layout::Modules || self.room == ROOT {
            return given;
        }
        Expression::variable(&self.needs.input(self.room, Need::Parameter(key), name, given))
    }

    fn external(&mut self, key: ExternalKey, attribute: &Attribute) -> Option<Expression> {
        let external = self.plan().external(key);
        let own = |here: &mut Self| {
            external.parameter.map_or_else(
                || Expression::Text(last_segment(&external.id).to_owned()),
                |parameter| here.parameter(parameter),
            )
        };
        let under = |prefix: &str, name| join([Expression::Text(prefix.to_owned()), name]);
        match (attribute, &external.kind) {
            (Attribute::Id, ExternalKind::Tenant) => Some(Expression::Text(String::new())),
            (Attribute::Id, ExternalKind::Subscription) => Some(under("/subscriptions/", own(self))),
            (Attribute::Id, ExternalKind::ManagementGroup) => Some(under(MANAGEMENT_GROUPS, own(self))),
            (Attribute::Id, ExternalKind::ResourceGroup | ExternalKind::Resource { .. }) => {
                if matches!(external.kind, ExternalKind::Resource { .. })
                    && let Some(parameter) = external.parameter
                {
                    return Some(self.parameter(parameter));
                }
                let literal = || Expression::Text(external.id.clone());
                let Some(parent) = external.parent else {
                    return Some(literal());
                };
                let Some(rest) = rest_of(&external.id, self.scene.id_text(parent)) else {
                    return Some(literal());
                };
                let parent = self.attribute(parent, &Attribute::Id)?;
                if external.parameter.is_some() {
                    let fixed = &rest[..rest.len() - last_segment(rest).len()];
                    return Some(join([parent, Expression::Text(fixed.to_owned()), own(self)]));
                }
                Some(join([parent, Expression::Text(rest.to_owned())]))
            }
            (Attribute::Name, ExternalKind::Resource { .. }) if external.parameter.is_some() => {
                let whole = self.attribute(Target::External(key), &Attribute::Id)?;
                Some(Expression::Call("basename", vec![whole]))
            }
            (Attribute::Name, _) | (Attribute::ObjectId, ExternalKind::Directory) => Some(own(self)),
            (Attribute::PrincipalId | Attribute::Id, ExternalKind::Directory) => Some(own(self)),
            (
                Attribute::PrincipalId
                | Attribute::ClientId
                | Attribute::ObjectId
                | Attribute::AppId
                | Attribute::Output(_),
                _,
            ) => None,
        }
    }

    /// The ID of a user-assigned identity, its fixed segments in Azure's own spelling: the providers insist on that, and
    /// compare without regard to case. The keys under which Azure answers these IDs are often spelled otherwise.
    pub(super) fn identity_id(&mut self, id: &Text) -> Expression {
        let reference = match id {
            Text::Literal(text) => {
                return Expression::Text(own_identity_id(text).unwrap_or_else(|| text.clone()));
            }
            Text::Pieces(pieces) => match &pieces[..] {
                [Piece::Reference(reference)] if reference.attribute == Attribute::Id => reference,
                _ => return self.text(id),
            },
        };
        let plain = self.attribute(reference.target, &Attribute::Id);
        let actual = self.scene.actual_id(reference.target);
        match (plain, actual) {
            (Some(plain), Some(actual)) => match own_identity_id(&actual) {
                Some(wanted) => respelled(plain, &actual, &wanted),
                None => plain,
            },
            (Some(plain), None) => plain,
            (None, _) => self.text(id),
        }
    }

    /// The ID of what a resource hangs on, spelled as in the resource's own ID; of a resource group only its name.
    pub(super) fn scope_of(&mut self, resource: &Resource) -> Expression {
        let plain = self.parent_id(resource);
        let own = resource.id_suffix() + resource.name.as_literal().unwrap_or_default();
        let head = resource.id.len().checked_sub(own.len());
        let Some((spelled, rest)) = head.and_then(|head| resource.id.split_at_checked(head)) else {
            return plain;
        };
        match self.scene.actual_id(resource.parent) {
            Some(actual) if rest.eq_ignore_ascii_case(&own) && *spelled != *actual => {
                let wanted = if spelled.split('/').count() == 5 {
                    rules::with_names_of(&actual, spelled)
                } else {
                    spelled.to_owned()
                };
                respelled(plain, &actual, &wanted)
            }
            _ => plain,
        }
    }

    /// The ID of what a resource hangs on, as `azapi` takes it.
    pub(super) fn parent_id(&mut self, resource: &Resource) -> Expression {
        match self.attribute(resource.parent, &Attribute::Id) {
            Some(Expression::Text(text)) if text.is_empty() => "/".into(),
            Some(expression) => expression,
            None => "/".into(),
        }
    }
}

impl Needs {
    pub(super) fn new(rooms: usize) -> Self {
        Self {
            inputs: (0..rooms).map(|_| Vec::new()).collect(),
            outputs: (0..rooms).map(|_| Vec::new()).collect(),
            ..Self::default()
        }
    }

    fn input(&mut self, room: RoomKey, need: Need, wish: &str, given: Expression) -> String {
        match self.known_inputs.entry((room, need.clone())) {
            Entry::Occupied(known) => self.inputs[room][*known.get()].0.clone(),
            Entry::Vacant(place) => {
                let name = free_name(&mut self.names, room, true, wish);
                place.insert(self.inputs[room].len());
                self.inputs[room].push((name.clone(), need, given));
                name
            }
        }
    }

    fn output(
        &mut self,
        room: RoomKey,
        key: ResourceKey,
        attribute: &Attribute,
        wish: &str,
        value: Expression,
    ) -> String {
        if let Some(name) = self.known_outputs.get(&(key, attribute.clone())) {
            return name.clone();
        }
        let name = free_name(&mut self.names, room, false, wish);
        self.outputs[room].push((name.clone(), value));
        self.known_outputs.insert((key, attribute.clone()), name.clone());
        name
    }
}

fn free_name(names: &mut HashSet<(RoomKey, bool, String)>, room: RoomKey, input: bool, wish: &str) -> String {
    let mut name = wish.to_owned();
    let mut number = 2;
    while !names.insert((room, input, name.clone())) {
        name = format!("{wish}_{number}");
        number += 1;
    }
    name
}

fn suffix(attribute: &Attribute) -> String {
    match attribute {
        Attribute::Id => "id".to_owned(),
        Attribute::Name => "name".to_owned(),
        Attribute::PrincipalId => "principal_id".to_owned(),
        Attribute::ClientId => "client_id".to_owned(),
        Attribute::ObjectId => "object_id".to_owned(),
        Attribute::AppId => "app_id".to_owned(),
        Attribute::Output(path) => super::hcl::identifier(&path.join("_")),
    }
}

fn last_segment(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// Texts behind each other, as one template without templates in it.
pub(super) fn join(pieces: impl IntoIterator<Item = Expression>) -> Expression {
    let mut parts: Vec<Part> = Vec::new();
    let mut push = |part: Part| match (parts.last_mut(), part) {
        (_, Part::Text(text)) if text.is_empty() => {}
        (Some(Part::Text(last)), Part::Text(text)) => last.push_str(&text),
        (_, part) => parts.push(part),
    };
    for piece in pieces {
        match piece {
            Expression::Text(text) => push(Part::Text(text)),
            Expression::Template(inner) => inner.into_iter().for_each(&mut push),
            value => push(Part::Value(value)),
        }
    }
    match parts.len() {
        0 => Expression::Text(String::new()),
        1 => match parts.remove(0) {
            Part::Text(text) => Expression::Text(text),
            Part::Value(value) => value,
        },
        _ => Expression::Template(parts),
    }
}

/// The same ID in another spelling: Azure does not tell the two apart, but whoever compares texts does.
///
/// Where nothing but the case of some segments differs, these are replaced in what the expression evaluates to.
fn respelled(expression: Expression, actual: &str, spelled: &str) -> Expression {
    if actual == spelled || !actual.eq_ignore_ascii_case(spelled) {
        return expression;
    }
    if let Expression::Text(_) = expression {
        return Expression::Text(spelled.to_owned());
    }
    if let Some(respelled) = respelled_around(&expression, actual, spelled) {
        return respelled;
    }
    let pairs: Vec<(&str, &str)> = actual.split('/').zip(spelled.split('/')).collect();
    let differs = |(left, right): &(&str, &str)| left != right;
    let (Some(first), Some(last)) = (pairs.iter().position(differs), pairs.iter().rposition(differs)) else {
        return expression;
    };
    // From the segments that differ outwards, until what is to be replaced occurs only there. The text between slashes
    // never begins with one, so it is not taken for a pattern.
    for first in (0..=first).rev() {
        let part = |side: fn(&(&str, &str)) -> String| {
            pairs[first..=last].iter().map(side).collect::<Vec<_>>().join("/")
        };
        let (old, new) = (part(|pair| pair.0.to_owned()), part(|pair| pair.1.to_owned()));
        if !old.is_empty() && !old.starts_with('/') && actual.matches(&old).count() == 1 {
            return Expression::Call("replace", vec![expression, old.into(), new.into()]);
        }
    }
    expression
}

/// Where only what stands around the one value of a template is spelled differently, that is spelled so.
fn respelled_around(expression: &Expression, actual: &str, spelled: &str) -> Option<Expression> {
    let Expression::Template(parts) = expression else {
        return None;
    };
    let (before, value, behind) = match parts.as_slice() {
        [value @ Part::Value(_)] => ("", value, ""),
        [Part::Text(before), value @ Part::Value(_)] => (before.as_str(), value, ""),
        [value @ Part::Value(_), Part::Text(behind)] => ("", value, behind.as_str()),
        [Part::Text(before), value @ Part::Value(_), Part::Text(behind)] => {
            (before.as_str(), value, behind.as_str())
        }
        _ => return None,
    };
    let inside = before.len()..actual.len().checked_sub(behind.len())?;
    if actual.get(inside.clone())? != spelled.get(inside.clone())? {
        return None;
    }
    Some(join([
        Expression::Text(spelled.get(..inside.start)?.to_owned()),
        match value {
            Part::Value(value) => value.clone(),
            Part::Text(text) => Expression::Text(text.clone()),
        },
        Expression::Text(spelled.get(inside.end..)?.to_owned()),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_have_their_fixed_segments_spelled_as_providers_insist() {
        assert_eq!(
            own_identity_id("/subscriptions/s/resourcegroups/RG/providers/microsoft.managedidentity/userassignedidentities/Id"),
            Some(
                "/subscriptions/s/resourceGroups/RG/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Id".to_owned()
            )
        );
        assert_eq!(own_identity_id("/subscriptions/s/resourceGroups/rg"), None);
        assert_eq!(
            own_identity_id(
                "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Web/userAssignedIdentities/Id"
            ),
            None
        );
    }

    #[test]
    fn what_stands_around_a_value_is_spelled_in_place() {
        let template = || {
            join([
                Expression::Text("/subscriptions/".to_owned()),
                Expression::variable("s"),
                Expression::Text("/resourcegroups/rg".to_owned()),
            ])
        };
        let actual = "/subscriptions/abc/resourcegroups/rg";
        assert_eq!(
            respelled(template(), actual, "/Subscriptions/abc/resourceGroups/RG"),
            join([
                Expression::Text("/Subscriptions/".to_owned()),
                Expression::variable("s"),
                Expression::Text("/resourceGroups/RG".to_owned()),
            ])
        );
        assert_eq!(
            respelled(template(), actual, "/subscriptions/ABC/resourcegroups/rg"),
            Expression::Call("replace", vec![template(), "abc".into(), "ABC".into()])
        );
        assert_eq!(respelled(template(), actual, "/something/else"), template());
    }

    #[test]
    fn only_what_differs_is_replaced_and_only_where_it_stands_once() {
        let id = || Expression::reference("azurerm_subnet", ["a", "id"]);
        assert_eq!(
            respelled(id(), "/a/b/c/b", "/a/b/c/B"),
            Expression::Call("replace", vec![id(), "c/b".into(), "c/B".into()])
        );
    }
}
