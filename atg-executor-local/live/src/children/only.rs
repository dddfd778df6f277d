//! Which parents of a type have a kind of child: asking the others costs a call and brings a refusal.

use serde_json::Value;

/// A condition on the parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// Every one.
    Always,
    /// Those whose `kind` has that word in it.
    KindHas(&'static str),
    /// Those of another `kind`; those without one too.
    KindNot(&'static [&'static str]),
    /// Those in which that is `true`.
    Set(&'static str),
    /// Accounts of Azure Cosmos DB that speak that.
    Cosmos(CosmosApi),
}

/// What an account of Azure Cosmos DB speaks, which is decided when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CosmosApi {
    /// Its own.
    Sql,
    /// MongoDB's.
    Mongo,
    /// Cassandra's.
    Cassandra,
    /// Gremlin.
    Gremlin,
    /// Azure Table's.
    Table,
}

impl CosmosApi {
    /// Told by the kind or by a capability.
    fn of(parent: &Value) -> Self {
        if kind(parent).eq_ignore_ascii_case("MongoDB") {
            return Self::Mongo;
        }
        let capabilities = parent["properties"]["capabilities"].as_array();
        let names = capabilities.into_iter().flatten();
        for name in names.filter_map(|capability| capability["name"].as_str()) {
            match name {
                "EnableCassandra" => return Self::Cassandra,
                "EnableGremlin" => return Self::Gremlin,
                "EnableTable" => return Self::Table,
                "EnableMongo" => return Self::Mongo,
                _ => {}
            }
        }
        Self::Sql
    }
}

impl Only {
    /// Whether that parent has such children. What its body does not tell is taken for yes.
    #[must_use]
    pub fn admits(self, parent: &Value) -> bool {
        match self {
            Self::Always => true,
            Self::KindHas(word) => {
                let kind = kind(parent).to_lowercase();
                kind.is_empty() || kind.split(',').any(|own| own == word)
            }
            Self::KindNot(kinds) => !kinds.iter().any(|other| kind(parent).eq_ignore_ascii_case(other)),
            Self::Set(path) => {
                let pointer = format!("/{}", path.replace('.', "/"));
                parent.pointer(&pointer).and_then(Value::as_bool) == Some(true)
            }
            Self::Cosmos(api) => CosmosApi::of(parent) == api,
        }
    }
}

fn kind(parent: &Value) -> &str {
    parent["kind"].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds_decide_and_their_absence_does_not() {
        let site = |kind: &str| json!({"kind": kind});
        let functions = Only::KindHas("functionapp");
        assert!(functions.admits(&site("functionapp,linux,container")));
        assert!(!functions.admits(&site("app,linux")) && functions.admits(&json!({})));
        let blobs = Only::KindNot(&["FileStorage"]);
        assert!(blobs.admits(&site("StorageV2")) && blobs.admits(&json!({})));
        assert!(!blobs.admits(&site("filestorage")));
    }

    #[test]
    fn an_account_speaks_one_thing() {
        let account = |kind: &str, capability: &str| json!({"kind": kind, "properties": {"capabilities": [{"name": "EnableServerless"}, {"name": capability}]}});
        for (account, api) in [
            (account("GlobalDocumentDB", "x"), CosmosApi::Sql),
            (account("GlobalDocumentDB", "EnableGremlin"), CosmosApi::Gremlin),
            (account("GlobalDocumentDB", "EnableTable"), CosmosApi::Table),
            (
                account("GlobalDocumentDB", "EnableCassandra"),
                CosmosApi::Cassandra,
            ),
            (account("MongoDB", "EnableTable"), CosmosApi::Mongo),
            (json!({}), CosmosApi::Sql),
        ] {
            assert_eq!(CosmosApi::of(&account), api, "{account}");
            assert!(Only::Cosmos(api).admits(&account));
        }
    }

    #[test]
    fn a_switch_counts_only_when_it_is_on() {
        let users = Only::Set("properties.isLocalUserEnabled");
        assert!(users.admits(&json!({"properties": {"isLocalUserEnabled": true}})));
        assert!(!users.admits(&json!({"properties": {"isLocalUserEnabled": false}})));
        assert!(!users.admits(&json!({})));
    }
}
