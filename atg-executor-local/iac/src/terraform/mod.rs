//! A plan as Terraform.

pub mod hcl;
