//! From one object of a source (an ARM resource, a Microsoft Graph object) to a node and what it says of others.
