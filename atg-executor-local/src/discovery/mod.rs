//! Where the objects of a scan come from.
