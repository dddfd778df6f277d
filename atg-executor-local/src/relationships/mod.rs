//! Which properties name other things, and what that means: tables, and the pure functions that read them.
