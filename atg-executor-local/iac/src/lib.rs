//! Infrastructure as Code from a graph of Azure: one plan, written as Terraform, Bicep and ARM.
