use std::time::{Duration, Instant};

use super::*;

fn access(resource_type: &str, path: &[&str]) -> Access {
    let mut shape = of(resource_type).unwrap().body().unwrap();
    let (last, way) = path.split_last().unwrap();
    for name in way {
        shape = match shape.member(name).unwrap().value.kind() {
            Kind::Object(shape) => shape,
            Kind::List(of) => match of.kind() {
                Kind::Object(shape) => shape,
                other => panic!("{name} is a list of {other:?}"),
            },
            other => panic!("{name} is {other:?}"),
        };
    }
    shape.member(last).unwrap().access
}

#[test]
fn a_type_is_found_in_any_case_and_keeps_azures_spelling() {
    let facts = of("microsoft.storage/STORAGEACCOUNTS").unwrap();
    assert_eq!(facts.resource_type, "Microsoft.Storage/storageAccounts");
    assert!(facts.is_writable() && facts.takes_tags() && facts.takes("sku"));
    assert_eq!(facts.location(), Location::Required);
    assert!(facts.scopes.resource_group() && !facts.scopes.subscription() && !facts.scopes.extension());
    assert_eq!(of("Contoso.Nothing/here").map(|f| f.resource_type), None);
    assert_eq!(of("").map(|f| f.resource_type), None);
}

#[test]
fn what_azure_makes_is_told_from_what_can_be_set() {
    let network = "Microsoft.Network/virtualNetworks";
    assert_eq!(
        access(network, &["properties", "provisioningState"]),
        Access::ReadOnly
    );
    assert_eq!(access(network, &["properties", "resourceGuid"]), Access::ReadOnly);
    assert_eq!(
        access(network, &["properties", "addressSpace", "addressPrefixes"]),
        Access::ReadWrite
    );
    assert_eq!(
        access(
            network,
            &["properties", "subnets", "properties", "ipConfigurations"]
        ),
        Access::ReadOnly
    );
    assert_eq!(
        access(network, &["properties", "subnets", "properties", "addressPrefix"]),
        Access::ReadWrite
    );
    let database = "Microsoft.DBforPostgreSQL/servers";
    assert!(!of(database).unwrap().read_only().is_empty());
    let machine = of("Microsoft.Compute/virtualMachines").unwrap();
    assert!(machine.read_only().contains(&"properties.vmId".to_owned()));
    let vault = "Microsoft.KeyVault/vaults/secrets";
    assert_eq!(access(vault, &["properties", "secretUri"]), Access::ReadOnly);
}

#[test]
fn a_member_that_only_put_knows_is_never_returned() {
    // The server's password stands in the class that is sent, and not in the one that is answered.
    let facts = of("Microsoft.DBforMariaDB/servers").unwrap();
    let Kind::Object(properties) = facts.body().unwrap().member("properties").unwrap().value.kind() else {
        panic!("properties are an object")
    };
    assert_eq!(properties.discriminator(), Some("createMode"));
    let password = properties
        .variant("default")
        .unwrap()
        .member("administratorLoginPassword")
        .unwrap();
    assert!(password.secret && password.required);
}

#[test]
fn what_cannot_be_created_has_no_body() {
    let facts = of("Microsoft.Advisor/recommendations").unwrap();
    assert!(!facts.is_writable());
    assert_eq!(facts.location(), Location::None);
    assert!(facts.read_only().is_empty());
}

#[test]
fn names_are_bound_where_azure_binds_them() {
    assert_eq!(
        of("Microsoft.Storage/storageAccounts/blobServices")
            .unwrap()
            .name
            .one_of,
        ["default"]
    );
    let site = of("Microsoft.Web/sites/config").unwrap();
    assert!(site.name.one_of.iter().any(|name| name == "appsettings"));
    let body = site.body().unwrap();
    assert_eq!(body.discriminator(), Some("name"));
    assert!(matches!(
        body.variant("appsettings")
            .unwrap()
            .member("properties")
            .unwrap()
            .value
            .kind(),
        Kind::Map(_)
    ));
    let account = of("Microsoft.CognitiveServices/accounts").unwrap();
    assert_eq!(
        (account.name.min_length, account.name.max_length),
        (Some(2), Some(64))
    );
    assert!(account.name.pattern.is_some());
}

#[test]
fn extensions_and_other_scopes_are_told_apart() {
    assert!(of("Microsoft.Authorization/locks").unwrap().scopes.extension());
    assert!(
        of("Microsoft.Resources/resourceGroups")
            .unwrap()
            .scopes
            .subscription()
    );
    assert!(
        of("Microsoft.Management/managementGroups")
            .unwrap()
            .scopes
            .tenant()
    );
    assert_eq!(
        of("Microsoft.Sql/servers/databases").unwrap().parent(),
        Some("Microsoft.Sql/servers")
    );
    assert_eq!(of("Microsoft.Sql/servers").unwrap().parent(), None);
    // One URL with a placeholder stands for eleven types.
    assert!(of("Microsoft.Network/dnsZones/CAA").unwrap().is_writable());
}

#[test]
fn known_values_are_found_whatever_their_case() {
    let body = of("Microsoft.Storage/storageAccounts").unwrap().body().unwrap();
    let Kind::OneOf(kinds) = body.member("kind").unwrap().value.kind() else {
        panic!("kind has known values")
    };
    assert_eq!(kinds.spelled("storagev2").as_deref(), Some("StorageV2"));
    assert_eq!(kinds.spelled("new"), None);
    // Azure says of this one that it takes any text, and of a vault's that it takes two.
    assert!(!kinds.are_all());
    let vault = of("Microsoft.KeyVault/vaults").unwrap().body().unwrap();
    let path = ["properties", "sku", "name"];
    let mut kind = Kind::Object(vault);
    for name in path {
        let Kind::Object(shape) = kind else {
            panic!("{name}")
        };
        kind = shape.member(name).unwrap().value.kind();
    }
    assert!(matches!(kind, Kind::OneOf(names) if names.are_all() && names.iter().count() == 2));
}

#[test]
fn every_line_can_be_read_and_every_type_found() {
    let (mut writable, mut read_only, mut write_only) = (0, 0, 0);
    for name in types() {
        let facts =
            of(&name.to_uppercase()).unwrap_or_else(|| panic!("{name} is not found: is the table in order?"));
        assert_eq!(facts.resource_type, name);
        assert!(facts.api_version.len() >= 10, "{name} has no api-version");
        if facts.is_writable() {
            writable += 1;
            assert_ne!(facts.scopes, Scopes(""), "{name} can be written nowhere");
            read_only += facts.read_only().len();
            write_only += facts.write_only().len();
        }
    }
    assert!(types().count() > 2_500 && writable > 1_800);
    assert!(
        read_only > 15_000 && write_only > 300,
        "{read_only} read-only, {write_only} write-only"
    );
    assert!(sources().count() > 250);
}

#[test]
fn a_question_takes_microseconds() {
    assert!(of("Microsoft.Network/virtualNetworks").is_some());
    let start = Instant::now();
    for _ in 0..1_000 {
        assert!(of("Microsoft.Network/virtualNetworks").unwrap().takes_tags());
    }
    // Some 20 µs in a build for tests on a busy machine; a search through the table would take a hundred times that.
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
