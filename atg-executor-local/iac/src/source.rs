//! What a plan is made from: the objects of one tenant, as a graph keeps them.

use atg_json::Json;
use atg_sdk::{Error, Result, azure::TenantId};

/// The objects of one tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The tenant.
    pub tenant: TenantId,
    /// Its objects, in any order.
    pub objects: Vec<Object>,
    /// Who is a member or an owner of what, among the objects of Microsoft Entra ID.
    pub links: Vec<Link>,
}

/// One object.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// A resource ID as Azure spells it (of the tenant `/tenants/GUID`), or the object ID of an Entra object.
    pub id: String,
    /// What people call it: the display name, where it has one.
    pub name: String,
    /// What it is.
    pub kind: ObjectKind,
    /// How well it is known.
    pub standing: Standing,
    /// The top-level members of its body other than `id`, `name`, `type` and `properties`, under Azure's names.
    pub members: Vec<(String, Json)>,
    /// `properties`, as JSON text: a hundred thousand of them are small as text and large as trees. `None` where the source
    /// did not say.
    pub properties: Option<Box<str>>,
}

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectKind {
    /// Of Azure Resource Manager, with its type.
    Arm(String),
    /// Of Microsoft Entra ID, with the name of its kind as Microsoft Graph has it: `user`, `group`, `application`,
    /// `servicePrincipal`, `directoryRole`.
    Entra(String),
}

/// How well an object is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Only from other objects' IDs.
    Implied,
    /// From its parent's body.
    Inline,
    /// From a row of its own.
    Own,
}

/// One thing is a member or an owner of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The group, application or service principal: its object ID.
    pub of: String,
    /// Which list.
    pub kind: LinkKind,
    /// The object ID of who is in the list.
    pub who: String,
}

/// The lists that are links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkKind {
    /// `members`
    Members,
    /// `owners`
    Owners,
}

impl Source {
    /// Reads rows as recordings have them, one JSON object a line: ARM resources, and Microsoft Graph objects that say
    /// their `@odata.type`. For callers without a graph, which would also know children in bodies and take secrets out.
    ///
    /// # Errors
    /// `InvalidArgument` for a line that is no object with an ID.
    pub fn from_rows(tenant: TenantId, text: &str) -> Result<Self> {
        let mut out = Self {
            tenant,
            objects: Vec::new(),
            links: Vec::new(),
        };
        for (at, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let wrong = |what: String| Error::invalid(format!("read line {}: {what}", at + 1));
            let value = Json::parse(line.as_bytes()).map_err(|error| wrong(error.to_string()))?;
            let Json::Object(members) = value else {
                return Err(wrong("it is no object".to_owned()));
            };
            out.take(members).map_err(wrong)?;
        }
        Ok(out)
    }

    fn take(&mut self, members: Vec<(String, Json)>) -> std::result::Result<(), String> {
        let (mut id, mut name, mut kind, mut properties) = (String::new(), String::new(), None, None);
        let mut rest = Vec::new();
        let mut lists = Vec::new();
        for (member, value) in members {
            match (member.as_str(), value) {
                ("id", Json::String(text)) => id = text,
                ("name", Json::String(text)) if name.is_empty() => name = text,
                ("displayName", Json::String(text)) => name = text,
                ("type", Json::String(text)) => kind = Some(ObjectKind::Arm(text)),
                ("@odata.type", Json::String(text)) => {
                    let last = text.rsplit(['.', '#']).next().unwrap_or_default();
                    kind = Some(ObjectKind::Entra(last.to_owned()));
                }
                ("properties", Json::Null) => {}
                ("properties", value) => properties = Some(value.to_string().into_boxed_str()),
                ("members", Json::Array(items)) => lists.push((LinkKind::Members, items)),
                ("owners", Json::Array(items)) => lists.push((LinkKind::Owners, items)),
                (_, value) => rest.push((member, value)),
            }
        }
        let Some(kind) = kind.filter(|_| !id.is_empty()) else {
            return Err("it has no id or no type".to_owned());
        };
        for (kind, items) in lists {
            for who in items.iter().filter_map(Json::as_str) {
                self.links.push(Link {
                    of: id.clone(),
                    kind,
                    who: who.to_owned(),
                });
            }
        }
        self.objects.push(Object {
            id,
            name,
            kind,
            standing: Standing::Own,
            members: rest,
            properties,
        });
        Ok(())
    }
}

impl LinkKind {
    /// The member's name in a body.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Owners => "owners",
        }
    }
}
