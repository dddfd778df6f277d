//! What the members of a body become, as data, and the engine that applies it.
//!
//! A table of rules is exhaustive: a member that no rule names, or a value that no rule takes, is a [`Refusal`], never a
//! silent loss.

mod convert;
mod gather;

pub(super) use convert::{id, says_nothing, with_names_of};
pub(super) use gather::{Gathered, apply, at, gather, object, refuse};

/// What a member of a body becomes.
#[derive(Debug)]
pub(in crate::terraform) enum Rule {
    /// An attribute.
    To(&'static str, Convert),
    /// Its own members become attributes of the same block.
    In(&'static [(&'static str, Self)]),
    /// [`In`](Self::In), also where the member is absent: something in it is [`Known`](Self::Known).
    Always(&'static [(&'static str, Self)]),
    /// A block in the block.
    Block(&'static str, &'static [(&'static str, Self)]),
    /// A block in the block where that member of it has that value, as JSON; otherwise nothing.
    BlockIf(
        &'static str,
        &'static str,
        &'static str,
        &'static [(&'static str, Self)],
    ),
    /// An attribute where that member beside it is that word; otherwise nothing.
    ToIf(&'static str, &'static str, &'static str, Convert),
    /// An array: a block for each element.
    Blocks(&'static str, &'static [(&'static str, Self)]),
    /// An array: an attribute that is a list of objects, each of which has all the given attributes.
    Rows(
        &'static str,
        &'static [(&'static str, Self)],
        &'static [&'static str],
    ),
    /// Nothing: it follows from the rest, or Azure decides it.
    Skip,
    /// Nothing where it is one of these, as JSON; anything else cannot be said.
    Only(&'static [&'static str]),
    /// An attribute, and the provider takes the absence of the member for a change.
    Needed(&'static str, Convert),
    /// An attribute that the provider has a default for, which need not be what Azure has: where the member is absent, as
    /// it is in answers of older versions, what is there is to stay.
    Known(&'static str, Convert),
    /// It becomes a block of its own, see [`Link`](super::azurerm::Link).
    Link,
}

/// How a value becomes an attribute's.
#[derive(Debug, Clone, Copy)]
pub(in crate::terraform) enum Convert {
    /// As it is: a text.
    Text,
    /// As it is: a truth value.
    Bool,
    /// As it is: a number.
    Number,
    /// As they are: texts.
    Texts,
    /// A text, as a list of one.
    Listed,
    /// One of these texts, in any case in the source and in this case in the files.
    Word(&'static [&'static str]),
    /// Like [`Word`](Self::Word); others are left to the provider, which reads them.
    WordOrNothing(&'static [&'static str]),
    /// Each one of these texts.
    Words(&'static [&'static str]),
    /// A text that says yes and one that says no.
    Flag(&'static str, &'static str),
    /// Texts that are joined in one, separated by commas.
    Split(&'static [&'static str]),
    /// What stands before a `_`: one of these texts.
    Before(&'static [&'static str]),
    /// What follows a `_`, before which one of the first texts stands; one of the second.
    Behind(&'static [&'static str], &'static [&'static str]),
    /// A resource ID.
    Id(Spelling),
    /// The named members of an array's elements, which have no others that matter: resource IDs.
    Ids(
        &'static str,
        Spelling,
        &'static [(&'static str, &'static [&'static str])],
    ),
    /// The named members of an array's elements, which have no others that matter: texts.
    Each(&'static str, &'static [(&'static str, &'static [&'static str])]),
    /// An array of objects with a name and a value, as a map.
    Map(&'static str, &'static str),
}

/// What the provider does with the spelling of an ID that Azure answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::terraform) enum Spelling {
    /// It keeps it, and compares texts; and it refuses any but its own spelling of the fixed segments.
    Kept,
    /// It spells the fixed segments its own way and compares texts.
    Own,
    /// It compares without regard to case.
    Any,
}

/// Why a resource is not written with its mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::terraform) struct Refusal {
    /// Where in the body.
    pub(in crate::terraform) path: String,
    /// Why, in words that fit after "`path` ".
    pub(in crate::terraform) why: &'static str,
}

impl Refusal {
    /// In words that fit after the resource's ID.
    pub(in crate::terraform) fn remark(&self, block: &str) -> String {
        let Self { path, why } = self;
        if path.is_empty() {
            format!("is written with azapi rather than {block}: it {why}")
        } else {
            format!("is written with azapi rather than {block}: `{path}` {why}")
        }
    }
}
