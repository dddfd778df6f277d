//! The part of HashiCorp's configuration language that the files need, as a tree and as text.
//!
//! The tree can say nothing but data, references, a few calls and blocks, and every leaf that comes from Azure is a
//! [`Expression::Text`] or a quoted key: what a name or a tag contains cannot become code. The text comes out as
//! `terraform fmt` would leave it, so the command finds nothing to do.

mod layout;
mod text;

#[cfg(test)]
pub(crate) mod tests;

use atg_json::Json;

pub use text::{identifier, is_identifier, push_quoted};

/// The content of a file or of a block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// Attributes, blocks, comments and empty lines in their order.
    pub items: Vec<Item>,
}

/// One thing in a [`Body`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// `name = value`
    Attribute(String, Expression),
    /// `kind "label" "label" { … }`
    Block(Block),
    /// A comment of one line; what is a line break in it becomes a space.
    Comment(String),
    /// An empty line.
    Blank,
}

/// A block with its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The word before the labels.
    pub kind: String,
    /// The quoted words behind it.
    pub labels: Vec<String>,
    /// What stands between the braces.
    pub body: Body,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, spelled as in JSON, whose numbers are all numbers of this language too.
    Number(Box<str>),
    /// A text, nothing in which is evaluated.
    Text(String),
    /// A text with references in it.
    Template(Vec<Part>),
    /// A reference such as `azurerm_subnet.app.id`.
    Reference(Reference),
    /// `[…]`
    List(Vec<Self>),
    /// `{ … }`
    Object(Vec<(Key, Self)>),
    /// `function(…)`
    Call(&'static str, Vec<Self>),
    /// `a == null || b == null`
    AnyNull(Vec<Self>),
    /// `condition ? then : otherwise`
    Conditional(Box<[Self; 3]>),
}

/// The name of a member of an [`Expression::Object`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// Never evaluated.
    Text(String),
    /// `(…)`
    Value(Expression),
}

/// A piece of an [`Expression::Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A text, nothing in which is evaluated.
    Text(String),
    /// `${…}`
    Value(Expression),
}

/// A path from a named object to a value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The first word, for example a type of resource, `var` or `module`. Always an [`identifier`].
    pub root: String,
    /// What follows.
    pub steps: Vec<Step>,
}

/// One step of a [`Reference`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `.name`, or `["name"]` where the name is not an identifier.
    Name(String),
    /// `[0]`
    Index(usize),
}

impl Body {
    /// An empty body.
    #[must_use]
    pub const fn new() -> Self {
        Self { items: Vec::new() }
    }

    /// Appends `name = value`.
    pub fn attribute(&mut self, name: impl Into<String>, value: impl Into<Expression>) -> &mut Self {
        self.items.push(Item::Attribute(name.into(), value.into()));
        self
    }

    /// Appends a block, with an empty line before it unless it is the first thing here.
    pub fn block<'a>(
        &mut self,
        kind: impl Into<String>,
        labels: impl IntoIterator<Item = &'a str>,
        body: Self,
    ) -> &mut Self {
        self.blank();
        self.items.push(Item::Block(Block {
            kind: kind.into(),
            labels: labels.into_iter().map(str::to_owned).collect(),
            body,
        }));
        self
    }

    /// Appends a comment.
    pub fn comment(&mut self, text: impl Into<String>) -> &mut Self {
        self.items.push(Item::Comment(text.into()));
        self
    }

    /// Appends an empty line where something other than an empty line or a comment stands before.
    pub fn blank(&mut self) -> &mut Self {
        if !matches!(self.items.last(), None | Some(Item::Blank | Item::Comment(_))) {
            self.items.push(Item::Blank);
        }
        self
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The text of a file with this content.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write_to(&mut out);
        out
    }

    /// Appends the text of a file with this content.
    pub fn write_to(&self, out: &mut String) {
        layout::write_body(self, 0, out);
    }
}

impl Expression {
    /// A reference by words, the first of which is an identifier.
    #[must_use]
    pub fn reference<'a>(root: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Reference(Reference {
            root: root.to_owned(),
            steps: names
                .into_iter()
                .map(|name| Step::Name(name.to_owned()))
                .collect(),
        })
    }

    /// An object with such members.
    #[must_use]
    pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Object(
            members
                .into_iter()
                .map(|(name, value)| (Key::Text(name.to_owned()), value))
                .collect(),
        )
    }

    /// The value of an input variable.
    #[must_use]
    pub fn variable(name: &str) -> Self {
        Self::reference("var", [name])
    }
}

impl From<&str> for Expression {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Expression {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Expression {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Reference> for Expression {
    fn from(reference: Reference) -> Self {
        Self::Reference(reference)
    }
}

impl From<&Json> for Expression {
    fn from(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(digits) => Self::Number(digits.clone()),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Json::Object(members) => Self::Object(
                members
                    .iter()
                    .map(|(name, value)| (Key::Text(name.clone()), Self::from(value)))
                    .collect(),
            ),
        }
    }
}
