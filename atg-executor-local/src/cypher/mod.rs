//! Read-only Cypher: the gate that every store shares, the parser, and the compiler to SQL.
