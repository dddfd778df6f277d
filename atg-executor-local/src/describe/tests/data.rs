//! Real and realistic data.
