//! The grammar of resource IDs.

/// A piece of an ID: `providers/NAMESPACE`, or a type with the name that follows it.
///
/// Where a type stands, `providers` begins a new provider; where a name stands, it is a name like any other. That is why
/// IDs are read from the left and not searched for the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Provider(&'a str),
    /// Without a name at the end of a collection's path.
    Pair {
        kind: &'a str,
        name: Option<&'a str>,
    },
}

impl Part<'_> {
    /// Whether it is a pair of that type, with a name.
    pub(super) fn is_named(&self, wanted: &str) -> bool {
        matches!(self, Self::Pair { kind, name: Some(_) } if kind.eq_ignore_ascii_case(wanted))
    }
}

/// The parts of a path (no slash at its end), each with the position after it.
pub(super) fn parts(path: &str) -> impl Iterator<Item = (Part<'_>, usize)> {
    let mut segments = path.split('/').skip(1);
    let mut end = 0;
    std::iter::from_fn(move || {
        let first = segments.next()?;
        let second = segments.next();
        end += 1 + first.len() + second.map_or(0, |segment| 1 + segment.len());
        let part = match second {
            Some(namespace) if first.eq_ignore_ascii_case("providers") => Part::Provider(namespace),
            name => Part::Pair { kind: first, name },
        };
        Some((part, end))
    })
}
