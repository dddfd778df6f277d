//! Paths within a body: `properties.ipConfigurations[0].properties.subnet.id`.
//!
//! A `.`, a `[` or a `\` in a member's name is written with a `\` before it, so that no two places have the same path.
//! Everything else in a name (back-ticks, quotes, line ends) stands as it is: a path is a value, and whoever puts one
//! into a query text escapes it there.

/// Appends a member's name to a path.
pub(crate) fn push_name(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    if !name.bytes().any(|b| matches!(b, b'.' | b'[' | b'\\')) {
        path.push_str(name);
        return;
    }
    for c in name.chars() {
        if matches!(c, '.' | '[' | '\\') {
            path.push('\\');
        }
        path.push(c);
    }
}

/// Appends an element's index to a path.
pub(crate) fn push_index(path: &mut String, index: usize) {
    use std::fmt::Write as _;
    // Writing to a `String` cannot fail.
    let _ = write!(path, "[{index}]");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(names: &[&str]) -> String {
        let mut out = String::new();
        for name in names {
            push_name(&mut out, name);
        }
        out
    }

    #[test]
    fn names_with_dots_do_not_look_like_two_names() {
        assert_eq!(path(&["a", "b"]), "a.b");
        assert_eq!(path(&["a.b"]), r"a\.b");
        assert_eq!(path(&[r"a\", "b"]), r"a\\.b");
        assert_eq!(path(&["a[0]"]), r"a\[0]");
    }
}
