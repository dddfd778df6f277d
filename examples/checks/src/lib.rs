//! Rules about the repository itself, as tests: who may depend on whom, and pages that are made from code.
//!
//! `cargo deny` checks the first of these too, and more; it takes minutes to install, and these run everywhere.
