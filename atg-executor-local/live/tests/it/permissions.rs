//! What a scan may do: `PERMISSIONS.md` is written from what collectors declare, and nothing else is called.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
    sync::Arc,
};

use atg_azure_sim::Entry;
use atg_live::{
    collector::{CallDeclaration, Collector, Part},
    collectors, confirm,
};
use serde_json::json;

use crate::support::{demo, ground, plan, run, transport};

/// Every collector, those for changes last.
fn everyone() -> Vec<Arc<dyn Collector>> {
    let all = collectors::all().into_iter();
    all.chain(collectors::of_changes()).collect()
}

/// What collectors declare, each call once.
fn declared() -> BTreeSet<CallDeclaration> {
    let all = everyone();
    let of_collectors = all.iter().flat_map(|own| own.declaration().calls.clone());
    of_collectors.chain(confirm::calls()).collect()
}

#[test]
fn the_table_of_permissions_is_what_collectors_declare() {
    let mut page = String::from(
        "# What a scan calls, and what it needs for that\n\n\
         Written by the test `permissions` from what collectors declare; `ATG_UPDATE_GOLDEN=1` writes it anew. Another test\n\
         scans a whole tenant and fails if anything else is called.\n\n\
         The role Reader at the root management group and `Directory.Read.All` of Microsoft Graph allow all of it. No key, no\n\
         connection string and no value of a secret is ever asked for: every call reads, and none is a `list…` action. Who\n\
         wants to give less takes the actions below for a role of their own. Where a permission is missing, what is marked\n\
         *optional* is skipped with a line in the report; of the rest the report says what is incomplete. Nothing that\n\
         could not be read is taken for gone.\n",
    );
    for (part, title) in [
        (Part::Inventory, "Resources and what they lie in"),
        (Part::Authorization, "Who may do what (`--no-rbac` leaves it out)"),
        (Part::Directory, "Microsoft Entra ID (`--no-entra` leaves it out)"),
    ] {
        write!(
            page,
            "\n## {title}\n\n| Collector | Reads | Call | Version | Needs |\n|---|---|---|---|---|\n"
        )
        .unwrap();
        for collector in everyone() {
            let own = collector.declaration();
            if own.part != part {
                continue;
            }
            let optional = if own.optional { ", *optional*" } else { "" };
            let mut first = format!("`{}`{optional} | {}", own.name, own.about);
            for call in &own.calls {
                writeln!(
                    page,
                    "| {first} | `{}` | {} | `{}` |",
                    call.call, call.api_version, call.permission
                )
                .unwrap();
                first = " | ".to_owned();
            }
        }
    }
    page.push_str("\n## Whether what was not seen is gone\n\n| Call | Version | Needs |\n|---|---|---|\n");
    for call in confirm::calls() {
        writeln!(
            page,
            "| `{}` | {} | `{}` |",
            call.call, call.api_version, call.permission
        )
        .unwrap();
    }
    let actions: BTreeSet<String> = declared()
        .into_iter()
        .map(|call| call.permission.into_owned())
        .filter(|action| action.ends_with("/read"))
        .collect();
    assert!(actions.iter().all(|action| !action.contains("/list")));
    let role = json!({
        "Name": "ATG scanner",
        "Description": "Reads what a scan of ATG reads, and nothing else",
        "Actions": actions,
        "AssignableScopes": ["/providers/Microsoft.Management/managementGroups/ROOT"],
    });
    write!(
        page,
        "\n## A role of one's own\n\n\
         `*/read` is there since Resource Graph shows of each type only what its action allows; without it a scan sees the\n\
         types whose actions are given, and of the others nothing.\n\n```json\n{}\n```\n",
        serde_json::to_string_pretty(&role).unwrap()
    )
    .unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("PERMISSIONS.md");
    if std::env::var_os("ATG_UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page,
        "PERMISSIONS.md is not current: ATG_UPDATE_GOLDEN=1 writes it anew"
    );
}

/// The type that an ID ends with, in small letters.
fn type_of(id: &str) -> Option<String> {
    let id = id.to_lowercase();
    let (_, rest) = id.rsplit_once("/providers/")?;
    let mut segments = rest.split('/');
    let mut name = segments.next()?.to_owned();
    for segment in segments.step_by(2) {
        write!(name, "/{segment}").ok()?;
    }
    Some(name)
}

/// Whether a request's path, in small letters and without version of Microsoft Graph, is what a declaration says.
fn is_call(declared: &str, method: &str, path: &str) -> bool {
    let declared = declared.split(" (").next().unwrap().to_lowercase();
    let Some((own, pattern)) = declared.split_once(' ') else {
        return false;
    };
    if !own.eq_ignore_ascii_case(method) {
        return false;
    }
    // `{Microsoft.Sql/servers}/firewallRules`: below a resource of that type, or of any for `{resource}`.
    if let Some((resource, rest)) = pattern.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return path
            .strip_suffix(rest)
            .is_some_and(|id| resource == "resource" || type_of(id).as_deref() == Some(resource));
    }
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern
            .iter()
            .zip(path)
            .all(|(own, segment)| own.starts_with('{') || *own == segment)
}

/// What no declaration allows.
fn undeclared<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> BTreeMap<String, u32> {
    let declared = declared();
    let mut found = BTreeMap::new();
    for entry in entries {
        if entry.service == "login" || entry.service == "imds" {
            continue;
        }
        let (path, query) = entry.target.split_once('?').unwrap_or((&entry.target, ""));
        let path = path.to_lowercase();
        let path = path.strip_prefix("/v1.0").unwrap_or(&path);
        let version = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("api-version="))
            .unwrap_or("v1.0");
        let allowed = declared.iter().any(|own| {
            let needs = own.permission.eq_ignore_ascii_case(&entry.action);
            // Resource Graph asks for the permissions of what it shows, Microsoft Graph has permissions of its own, and
            // everybody may know the own tenant.
            let other = entry.service != "arm" || own.permission == "none";
            is_call(&own.call, &entry.method, path)
                && (own.api_version == version || own.api_version == "newest")
                && (needs || other || own.permission == "*/read")
        });
        if !allowed {
            *found
                .entry(format!("{} {} ({})", entry.method, entry.target, entry.action))
                .or_default() += 1;
        }
    }
    found
}

#[tokio::test]
async fn a_whole_scan_calls_nothing_that_is_not_declared() {
    let simulator = demo(|_| {}).await;
    let transport = transport(&simulator).await;
    let ground = ground(&simulator, &transport).await;
    simulator.forget_requests();
    run(plan(ground), &transport, usize::MAX).await;
    let requests = simulator.requests();
    assert!(
        requests.total > 300 && requests.total < 10_000,
        "{}",
        requests.total
    );
    let found = undeclared(&requests.last);
    assert!(found.is_empty(), "{found:#?}");
    // The check itself sees what is wrong.
    let mut wrong = requests.last[0].clone();
    for (method, target) in [
        (
            "POST",
            "/subscriptions/x/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a/listKeys?api-version=2024-01-01",
        ),
        ("DELETE", "/subscriptions/x?api-version=2022-12-01"),
        ("GET", "/subscriptions?api-version=2019-01-01"),
        ("GET", "/v1.0/users/x/messages"),
    ] {
        wrong.service = "arm".to_owned();
        (wrong.method, wrong.target) = (method.to_owned(), target.to_owned());
        assert_eq!(undeclared([&wrong]).len(), 1, "{target}");
    }
}
