//! The files of a plan.

use atg_sdk::Result;

use super::{
    azapi, azuread, azurerm, files,
    hcl::{Body, Expression, Reference, Step},
    providers::Providers,
    reference::{Form, Here, Needs, Scene},
    room::{ROOT, RoomKey, Rooms},
};
use crate::{
    plan::{Association, Entra, Kind, Member, Plan, Resource, ResourceKey, Value},
    writer::{Files, Layout, Written},
};

/// Writes a plan.
///
/// # Errors
/// What `files` answers.
pub fn write(plan: &Plan, layout: Layout, files: &mut dyn Files) -> Result<Written> {
    let rooms = Rooms::new(plan, layout);
    let mut scene = Scene {
        plan,
        forms: Vec::with_capacity(plan.resources.len()),
        rooms,
        layout,
        imports: Vec::with_capacity(plan.resources.len()),
    };
    for resource in &plan.resources {
        let import = scene.import_id(resource);
        scene.imports.push(import);
    }
    let late = late(plan);
    let remarks = choose(&mut scene, &late);
    let providers = Providers::new(&scene);

    let mut needs = Needs::new(scene.rooms.rooms.len());
    let mut texts: Vec<String> = scene.rooms.rooms.iter().map(|_| String::new()).collect();
    let mut imports = String::new();
    for (key, resource) in plan.keyed() {
        let room = scene.rooms.of(key.index());
        let mut here = Here {
            scene: &scene,
            room,
            needs: &mut needs,
        };
        let blocks = blocks(&mut here, key, resource, &late);
        let provider = providers.alias(&scene, key);
        for block in blocks {
            let mut body = Body::new();
            if let Some(alias) = provider.filter(|_| block.kind.starts_with("azurerm_")) {
                body.attribute("provider", Expression::reference("azurerm", [alias]))
                    .blank();
            }
            body.items.extend(block.body.items);
            let mut one = Body::new();
            one.block("resource", [block.kind, resource.symbol.as_str()], body);
            push(&one, &mut texts[room]);
            if let Some(id) = block.import {
                let mut import = Body::new();
                import
                    .attribute("to", address(&scene, room, block.kind, resource))
                    .attribute("id", id);
                let mut one = Body::new();
                one.block("import", [], import);
                push(&one, &mut imports);
            }
        }
    }
    files::write(&scene, &providers, &mut needs, texts, imports, files)?;
    Ok(Written {
        blocks: scene.forms.iter().map(|form| form.block()).collect(),
        omitted: Vec::new(),
        remarks,
        notes: notes(plan),
    })
}

/// Appends to a file, with an empty line between.
fn push(body: &Body, out: &mut String) {
    if !out.is_empty() {
        out.push('\n');
    }
    body.write_to(out);
}

fn address(scene: &Scene<'_>, room: RoomKey, block: &str, resource: &Resource) -> Expression {
    let mut words = vec![block.to_owned(), resource.symbol.to_string()];
    if scene.layout == Layout::Modules && room != ROOT {
        words.splice(0..0, ["module".to_owned(), scene.rooms.rooms[room].name.clone()]);
    }
    let mut words = words.into_iter();
    Expression::Reference(Reference {
        root: words.next().unwrap_or_default(),
        steps: words.map(Step::Name).collect(),
    })
}

/// The associations of each owner.
fn late(plan: &Plan) -> Vec<Vec<&Association>> {
    let mut out = vec![Vec::new(); plan.resources.len()];
    for association in &plan.associations {
        out[association.owner.index()].push(association);
    }
    out
}

/// Decides how each resource is written, and says why some that a mapping is for are not written with it.
fn choose(scene: &mut Scene<'_>, late: &[Vec<&Association>]) -> Vec<(ResourceKey, String)> {
    // Whether a mapping takes a resource does not depend on how others are written, so a guess will do for them.
    scene.forms = vec![Form::Azapi; scene.plan.resources.len()];
    // Nor on walls between modules, and without those nothing is needed from outside.
    let layout = std::mem::replace(&mut scene.layout, Layout::Single);
    let mut needs = Needs::new(0);
    let mut remarks = Vec::new();
    let mut forms = Vec::with_capacity(scene.plan.resources.len());
    for (key, resource) in scene.plan.keyed() {
        forms.push(match &resource.kind {
            Kind::Entra(kind) => {
                let mapping = azuread::mapping(*kind);
                let mut here = Here {
                    scene,
                    room: ROOT,
                    needs: &mut needs,
                };
                let block = azuread::block(&mut here, mapping, resource, &resource.body);
                remarks.extend(block.unsaid.into_iter().map(|unsaid| (key, unsaid)));
                Form::Azuread(mapping)
            }
            Kind::Arm { resource_type, .. } => match azurerm::mapping(resource_type.as_str()) {
                None => {
                    remarks.extend(respelled(key, resource));
                    Form::Azapi
                }
                Some(mapping) => {
                    let mut here = Here {
                        scene,
                        room: ROOT,
                        needs: &mut needs,
                    };
                    match azurerm::fill(&mut here, mapping, resource, &whole(resource, &late[key.index()])) {
                        Ok(_) => Form::Azurerm(mapping),
                        Err(refusal) => {
                            remarks.push((key, refusal.remark(mapping.block)));
                            remarks.extend(respelled(key, resource));
                            Form::Azapi
                        }
                    }
                }
            },
        });
    }
    scene.forms = forms;
    scene.layout = layout;
    remarks
}

/// What is not written because Azure answers it under a name in another case.
fn respelled(key: ResourceKey, resource: &Resource) -> impl Iterator<Item = (ResourceKey, String)> {
    resource.respelled.iter().map(move |path| {
        let remark =
            format!("`{path}` is left as it is: Azure answers it in another case, which the provider takes for a change");
        (key, remark)
    })
}

/// What is left to do by hand.
fn notes(plan: &Plan) -> Vec<String> {
    let new_users = plan
        .resources
        .iter()
        .filter(|resource| resource.kind == Kind::Entra(Entra::User) && resource.import_id.is_none())
        .count();
    let mut out = Vec::new();
    if new_users > 0 {
        out.push(format!(
            "{new_users} users are new where the files are applied: give each azuread_user a password, which its creation takes"
        ));
    }
    out
}

/// A block to write.
#[derive(Debug)]
struct Block {
    kind: &'static str,
    body: Body,
    import: Option<String>,
}

fn blocks(
    here: &mut Here<'_, '_>,
    key: ResourceKey,
    resource: &Resource,
    late: &[Vec<&Association>],
) -> Vec<Block> {
    let late = &late[key.index()];
    let import = here.scene.imports[key.index()].clone();
    let mut out = Vec::new();
    match here.scene.forms[key.index()] {
        Form::Azurerm(mapping) => {
            // It was tried before with the same outcome.
            let Ok(filled) = azurerm::fill(here, mapping, resource, &whole(resource, late)) else {
                return out;
            };
            for link in filled.links {
                let other = link
                    .other
                    .map(|other| here.scene.actual_id(other).map(|other| format!("|{other}")));
                let id = match (&import, other) {
                    (Some(own), None) => Some(own.clone()),
                    (Some(own), Some(Some(other))) => Some(own.clone() + &other),
                    (None, _) | (_, Some(None)) => None,
                };
                out.push(Block {
                    kind: link.block,
                    body: link.body,
                    import: id,
                });
            }
            out.insert(
                0,
                Block {
                    kind: mapping.block,
                    body: filled.body,
                    import,
                },
            );
        }
        Form::Azapi => {
            let Kind::Arm { api_version, .. } = &resource.kind else {
                return out;
            };
            // What is there already has both ends. What is new gets the second end in a second step, which cannot be
            // imported and so would always be something to add.
            let second = import.is_none() && !late.is_empty();
            let body = if second {
                resource.body.clone()
            } else {
                at_once(resource, late)
            };
            let import = import.map(|id| format!("{}?api-version={api_version}", escaped(&id)));
            out.push(Block {
                kind: "azapi_resource",
                body: azapi::block(here, resource, &body),
                import,
            });
            if second {
                out.push(Block {
                    kind: "azapi_update_resource",
                    body: azapi::second_step(here, resource, &second_step(resource, late)),
                    import: None,
                });
            }
        }
        Form::Azuread(mapping) => {
            let block = azuread::block(here, mapping, resource, &at_once(resource, late));
            out.push(Block {
                kind: mapping.block,
                body: block.body,
                import: import.map(|id| format!("{}{id}", mapping.import)),
            });
        }
    }
    depends_on(here, resource, &mut out);
    out
}

/// What an ID with a query behind it must not hold as it is.
fn escaped(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for char in id.chars() {
        match char {
            '%' => out.push_str("%25"),
            '?' => out.push_str("%3F"),
            '#' => out.push_str("%23"),
            char => out.push(char),
        }
    }
    out
}

fn depends_on(here: &Here<'_, '_>, resource: &Resource, out: &mut [Block]) {
    let others: Vec<Expression> = resource
        .depends_on
        .iter()
        // A module's resources can wait for those of another only as a whole, which would be a cycle soon.
        .filter(|other| {
            here.scene.layout != Layout::Modules || here.scene.rooms.of(other.index()) == here.room
        })
        .map(|other| {
            let block = here.scene.forms[other.index()].block();
            Expression::reference(block, [here.plan().resource(*other).symbol.as_str()])
        })
        .collect();
    if let (Some(first), false) = (out.first_mut(), others.is_empty()) {
        first.body.blank();
        first.body.attribute("depends_on", Expression::List(others));
    }
}

/// The body with the values that are set late, for a mapping that writes those as blocks of their own.
fn whole(resource: &Resource, late: &[&Association]) -> Vec<Member> {
    with(resource, late, |association| &association.value)
}

/// The body with the values that are set late, without the references that make them late.
fn at_once(resource: &Resource, late: &[&Association]) -> Vec<Member> {
    with(resource, late, |association| &association.unordered)
}

fn with<'a>(
    resource: &Resource,
    late: &[&'a Association],
    value: impl Fn(&'a Association) -> &'a Value,
) -> Vec<Member> {
    let mut body = resource.body.clone();
    for association in late {
        let path: Vec<&str> = association.path.iter().map(String::as_str).collect();
        set(&mut body, &path, value(association));
    }
    body
}

/// The values that are set late with nothing but the members that lead to them. An array is there whole: the provider
/// merges element by element.
fn second_step(resource: &Resource, late: &[&Association]) -> Vec<Member> {
    let mut out: Vec<Member> = Vec::new();
    for association in late {
        let path: Vec<&str> = association.path.iter().map(String::as_str).collect();
        for end in 1..path.len() {
            if let Some(Value::Array(items)) = resource.at(&path[..end]) {
                let array = Value::Array(items.clone());
                if !matches!(out.iter().find(|member| member.name.as_literal() == Some(path[0])), Some(member) if member.value.at(&path[1..end]).is_some())
                {
                    set(&mut out, &path[..end], &array);
                }
                break;
            }
        }
        set(&mut out, &path, &association.value);
    }
    out
}

/// Puts a value where a path leads; members that are missing on the way are made.
fn set(members: &mut Vec<Member>, path: &[&str], value: &Value) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    let found = members
        .iter()
        .position(|member| member.name.as_literal() == Some(first));
    let at = found.unwrap_or_else(|| {
        members.push(Member::new(*first, Value::Object(Vec::new())));
        members.len() - 1
    });
    set_in(&mut members[at].value, rest, value);
}

fn set_in(into: &mut Value, path: &[&str], value: &Value) {
    let Some((first, rest)) = path.split_first() else {
        *into = value.clone();
        return;
    };
    match into {
        Value::Array(items) => {
            if let Some(item) = first.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                set_in(item, rest, value);
            }
        }
        Value::Object(members) => set(members, path, value),
        _ => {}
    }
}
