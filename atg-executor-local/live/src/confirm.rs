//! A second source: whether what a complete list no longer shows is gone.
//!
//! Resource Graph lags, and lists leave things out. Something is gone only when Resource Manager (or Microsoft Graph)
//! answers that it knows no such thing. Everything else, a refusal too, means that nobody knows.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use atg_azure::{
    AzureError,
    cloud::Audience,
    transport::{Request, Transport},
};
use serde::Deserialize;
use serde_json::json;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    collector::{CallDeclaration, lies_in, scope_of},
    reader::Head,
};

/// Calls at the same time; the budget sees to each quota.
const AT_ONCE: usize = 64;
/// So many objects are asked for in one call of Microsoft Graph.
const OBJECTS: usize = 1_000;
/// Of the lists of providers and of resource groups.
const RESOURCES_VERSION: &str = "2021-04-01";

/// What is to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidate {
    /// An ARM resource, or a resource group.
    Resource {
        /// Its ID.
        id: String,
        /// Its type.
        resource_type: String,
    },
    /// An object of Microsoft Entra ID, by its object ID.
    Object(String),
}

impl Candidate {
    /// Its ID.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Resource { id, .. } | Self::Object(id) => id,
        }
    }
}

/// What became of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is gone.
    Gone,
    /// It is there after all.
    There,
    /// Nobody knows, for that reason.
    Unknown(String),
}

/// The calls that confirming makes, for the table of permissions.
#[must_use]
pub fn calls() -> Vec<CallDeclaration> {
    vec![
        CallDeclaration::new("GET {resource}", "the newest of its type", "*/read"),
        CallDeclaration::new(
            "GET {subscription}/providers",
            RESOURCES_VERSION,
            "Microsoft.Resources/subscriptions/providers/read",
        ),
        CallDeclaration::new("POST /directoryObjects/getByIds", "v1.0", "Directory.Read.All"),
        CallDeclaration::new("GET /directoryObjects/{id}", "v1.0", "Directory.Read.All"),
        CallDeclaration::new("GET /oauth2PermissionGrants/{id}", "v1.0", "Directory.Read.All"),
    ]
}

/// Asks for each candidate. The verdicts are in the order of the candidates.
pub async fn confirm(transport: &Transport, candidates: &[Candidate]) -> Vec<Verdict> {
    let mut verdicts = vec![None; candidates.len()];
    let objects: Vec<(usize, &str)> = candidates
        .iter()
        .enumerate()
        .filter_map(|(index, own)| match own {
            Candidate::Object(id) => Some((index, id.as_str())),
            Candidate::Resource { .. } => None,
        })
        .collect();
    // What is no object of the directory (a grant) is asked for by name alone.
    let (objects, grants): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|(_, id)| is_directory_object(id));
    judge_each(transport, &grants, &mut verdicts).await;
    for chunk in objects.chunks(OBJECTS) {
        let ids: Vec<&str> = chunk.iter().map(|(_, id)| *id).collect();
        let known = known_objects(transport, &ids).await;
        let mut missing = Vec::new();
        for (index, id) in chunk {
            match &known {
                Err(error) => verdicts[*index] = Some(Verdict::Unknown(error.to_string())),
                Ok(known) if known.contains(&id.to_lowercase()) => verdicts[*index] = Some(Verdict::There),
                Ok(_) => missing.push((*index, *id)),
            }
        }
        // One answer about many is no answer about each: what it left out is asked for by name.
        judge_each(transport, &missing, &mut verdicts).await;
    }
    Resources::new(transport, candidates).ask(&mut verdicts).await;
    let unasked = || Verdict::Unknown("it was not asked for".to_owned());
    verdicts
        .into_iter()
        .map(|verdict| verdict.unwrap_or_else(unasked))
        .collect()
}

/// Objects of the directory have GUIDs; a delegated grant's ID is made of several.
fn is_directory_object(id: &str) -> bool {
    id.len() == 36 && id.split('-').map(str::len).eq([8, 4, 4, 4, 12])
}

/// Asks for each by name.
async fn judge_each(transport: &Transport, objects: &[(usize, &str)], verdicts: &mut [Option<Verdict>]) {
    for few in objects.chunks(AT_ONCE) {
        let mut calls = JoinSet::new();
        for (index, id) in few {
            let collection = if is_directory_object(id) {
                "directoryObjects"
            } else {
                "oauth2PermissionGrants"
            };
            let path = format!("/v1.0/{collection}/{id}?$select=id");
            let request = Request::get_graph(transport.cloud(), &path);
            let (index, transport) = (*index, transport.clone());
            calls.spawn(async move { (index, judge(&transport, request).await) });
        }
        while let Some(done) = calls.join_next().await {
            let Ok((index, verdict)) = done else { continue };
            verdicts[index] = Some(verdict);
        }
    }
}

#[derive(Deserialize)]
struct Objects {
    value: Vec<Head>,
}

async fn known_objects(transport: &Transport, ids: &[&str]) -> Result<HashSet<String>, AzureError> {
    let request = Request::read(
        transport.cloud(),
        Audience::MicrosoftGraph,
        "/v1.0/directoryObjects/getByIds",
        &json!({ "ids": ids }),
    )?;
    let objects: Objects = transport.send(&request).await?.json()?;
    Ok(objects
        .value
        .into_iter()
        .map(|object| object.id.to_lowercase())
        .collect())
}

/// Resources that are asked for, what contains others first: what lies in something that is gone is gone.
struct Resources<'a> {
    transport: &'a Transport,
    candidates: &'a [Candidate],
    /// By number of segments.
    levels: BTreeMap<usize, Vec<usize>>,
}

impl<'a> Resources<'a> {
    fn new(transport: &'a Transport, candidates: &'a [Candidate]) -> Self {
        let mut levels: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, candidate) in candidates.iter().enumerate() {
            if let Candidate::Resource { id, .. } = candidate {
                let depth = id.split('/').filter(|segment| !segment.is_empty()).count();
                levels.entry(depth).or_default().push(index);
            }
        }
        Self {
            transport,
            candidates,
            levels,
        }
    }

    async fn ask(self, verdicts: &mut [Option<Verdict>]) {
        let mut versions: HashMap<String, Result<HashMap<String, String>, String>> = HashMap::new();
        let mut gone: HashSet<String> = HashSet::new();
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        for indices in self.levels.into_values() {
            let mut calls = JoinSet::new();
            for index in indices {
                let Some(Candidate::Resource { id, resource_type }) = self.candidates.get(index) else {
                    continue;
                };
                let key = id.to_lowercase();
                if lies_in(&key, &gone) {
                    gone.insert(key);
                    verdicts[index] = Some(Verdict::Gone);
                    continue;
                }
                let scope = scope_of(id);
                if !versions.contains_key(&scope) {
                    let told = api_versions(self.transport, &scope).await;
                    versions.insert(scope.clone(), told.map_err(|error| error.to_string()));
                }
                let version = match versions.get(&scope) {
                    Some(Err(reason)) => Err(reason.clone()),
                    Some(Ok(versions)) => version_for(versions, resource_type)
                        .ok_or_else(|| format!("no api-version of {resource_type} is known")),
                    None => Err("no api-version is known".to_owned()),
                };
                match version {
                    Err(reason) => verdicts[index] = Some(Verdict::Unknown(reason)),
                    Ok(version) => {
                        let (transport, path) =
                            (self.transport.clone(), format!("{id}?api-version={version}"));
                        let at_once = Arc::clone(&at_once);
                        calls.spawn(async move {
                            let _permit = at_once.acquire_owned().await;
                            let request = Request::get(transport.cloud(), &path);
                            (index, key, judge(&transport, request).await)
                        });
                    }
                }
            }
            while let Some(done) = calls.join_next().await {
                // A task that stopped leaves its candidate unasked.
                let Ok((index, key, verdict)) = done else { continue };
                if verdict == Verdict::Gone {
                    gone.insert(key);
                }
                verdicts[index] = Some(verdict);
            }
        }
    }
}

/// Providers do not list every child (of networks not the subnets): it is read with a version of what it lies in.
fn version_for(versions: &HashMap<String, String>, resource_type: &str) -> Option<String> {
    let name = resource_type.to_lowercase();
    let mut asked = name.as_str();
    loop {
        if let Some(version) = versions.get(asked) {
            return Some(version.clone());
        }
        // A namespace alone is no type.
        asked = asked.rsplit_once('/')?.0;
    }
}

async fn judge(transport: &Transport, request: Result<Request, AzureError>) -> Verdict {
    let asked = match request {
        Ok(request) => transport.send(&request).await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(_) => Verdict::There,
        Err(error) if says_gone(&error) => Verdict::Gone,
        Err(error) => Verdict::Unknown(error.to_string()),
    }
}

/// Only an answer about the thing itself: a subscription that is not found is one that is not shown, and a type that is not
/// known is a wrong question.
fn says_gone(error: &AzureError) -> bool {
    const OTHER: [&str; 5] = [
        "SubscriptionNotFound",
        "InvalidResourceType",
        "InvalidResourceNamespace",
        "NoRegisteredProviderFound",
        "InvalidApiVersionParameter",
    ];
    error.status() == Some(404) && !error.code().is_some_and(|code| OTHER.contains(&code))
}

#[derive(Deserialize)]
struct Provider {
    namespace: String,
    #[serde(rename = "resourceTypes")]
    types: Vec<ProviderType>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProviderType {
    resource_type: String,
    #[serde(default)]
    api_versions: Vec<String>,
}

/// The newest api-version of each type, by its lower-cased name; of a preview only where there is nothing else.
async fn api_versions(transport: &Transport, scope: &str) -> Result<HashMap<String, String>, AzureError> {
    let scope = scope.trim_end_matches('/');
    let path = format!("{scope}/providers?api-version={RESOURCES_VERSION}");
    let mut pages = transport.pages(Request::get(transport.cloud(), &path)?);
    let mut found = HashMap::new();
    while let Some(page) = pages.next().await {
        for text in page?.items() {
            let Ok(provider) = serde_json::from_str::<Provider>(text) else {
                continue;
            };
            for own in provider.types {
                let is_preview = |version: &&String| version.to_lowercase().contains("preview");
                let versions = || own.api_versions.iter();
                let newest = versions()
                    .filter(|version| !is_preview(version))
                    .max()
                    .or_else(|| versions().max());
                if let Some(version) = newest {
                    let name = format!("{}/{}", provider.namespace, own.resource_type).to_lowercase();
                    found.insert(name, version.clone());
                }
            }
        }
    }
    // Resource groups are no type of a provider in every cloud.
    for name in [
        "microsoft.resources/resourcegroups",
        "microsoft.resources/subscriptions/resourcegroups",
    ] {
        found
            .entry(name.to_owned())
            .or_insert_with(|| RESOURCES_VERSION.to_owned());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_no_provider_lists_is_read_with_its_parents_version() {
        let versions = HashMap::from([
            ("m.n/a".to_owned(), "1".to_owned()),
            ("m.n/a/b".to_owned(), "2".to_owned()),
        ]);
        let version = |name| version_for(&versions, name);
        assert_eq!(version("M.N/a/b"), Some("2".to_owned()));
        assert_eq!(version("M.N/a/c/d"), Some("1".to_owned()));
        assert_eq!(version("M.N/c"), None);
    }
}
