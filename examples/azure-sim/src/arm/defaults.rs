//! What Azure makes with a resource and answers although nobody wrote it: settings that exist once.

use serde_json::{Value, json};

use crate::tenant::{Row, Tenant};

use super::{embedded, resource::Path};

/// Types, lower-cased, the name of their one resource, and the properties that it has until somebody changes them.
const SINGLETONS: [(&str, &str, &str); 33] = [
    (
        "microsoft.storage/storageaccounts/blobservices",
        "default",
        r#"{"cors":{"corsRules":[]},"deleteRetentionPolicy":{"allowPermanentDelete":false,"enabled":false}}"#,
    ),
    (
        "microsoft.storage/storageaccounts/fileservices",
        "default",
        r#"{"protocolSettings":{"smb":{}},"cors":{"corsRules":[]},"shareDeleteRetentionPolicy":{"enabled":true,"days":7}}"#,
    ),
    (
        "microsoft.storage/storageaccounts/queueservices",
        "default",
        r#"{"cors":{"corsRules":[]}}"#,
    ),
    (
        "microsoft.storage/storageaccounts/tableservices",
        "default",
        r#"{"cors":{"corsRules":[]}}"#,
    ),
    ("microsoft.sql/servers/administrators", "activedirectory", "null"),
    (
        "microsoft.sql/servers/auditingsettings",
        "default",
        r#"{"state":"Disabled","retentionDays":0,"auditActionsAndGroups":[],"storageAccountSubscriptionId":"00000000-0000-0000-0000-000000000000","isAzureMonitorTargetEnabled":false}"#,
    ),
    (
        "microsoft.sql/servers/extendedauditingsettings",
        "default",
        r#"{"state":"Disabled","retentionDays":0,"auditActionsAndGroups":[],"storageAccountSubscriptionId":"00000000-0000-0000-0000-000000000000","isAzureMonitorTargetEnabled":false}"#,
    ),
    (
        "microsoft.sql/servers/connectionpolicies",
        "default",
        r#"{"connectionType":"Default"}"#,
    ),
    (
        "microsoft.sql/servers/encryptionprotector",
        "current",
        r#"{"serverKeyName":"ServiceManaged","serverKeyType":"ServiceManaged","autoRotationEnabled":false}"#,
    ),
    (
        "microsoft.sql/servers/securityalertpolicies",
        "default",
        r#"{"state":"Disabled","disabledAlerts":[""],"emailAddresses":[""],"emailAccountAdmins":false,"retentionDays":0}"#,
    ),
    (
        "microsoft.sql/servers/vulnerabilityassessments",
        "default",
        r#"{"recurringScans":{"isEnabled":false,"emailSubscriptionAdmins":true}}"#,
    ),
    (
        "microsoft.sql/servers/sqlvulnerabilityassessments",
        "default",
        r#"{"state":"Disabled"}"#,
    ),
    (
        "microsoft.sql/servers/databases/auditingsettings",
        "default",
        r#"{"state":"Disabled","retentionDays":0}"#,
    ),
    (
        "microsoft.sql/servers/databases/extendedauditingsettings",
        "default",
        r#"{"state":"Disabled","retentionDays":0}"#,
    ),
    (
        "microsoft.sql/servers/databases/backuplongtermretentionpolicies",
        "default",
        r#"{"weeklyRetention":"PT0S","monthlyRetention":"PT0S","yearlyRetention":"PT0S","weekOfYear":0}"#,
    ),
    (
        "microsoft.sql/servers/databases/backupshorttermretentionpolicies",
        "default",
        r#"{"retentionDays":7,"diffBackupIntervalInHours":12}"#,
    ),
    (
        "microsoft.sql/servers/databases/geobackuppolicies",
        "default",
        r#"{"state":"Enabled","storageType":"Premium"}"#,
    ),
    (
        "microsoft.sql/servers/databases/securityalertpolicies",
        "default",
        r#"{"state":"Disabled","disabledAlerts":[""],"emailAddresses":[""],"emailAccountAdmins":false,"retentionDays":0}"#,
    ),
    (
        "microsoft.sql/servers/databases/transparentdataencryption",
        "current",
        r#"{"state":"Enabled"}"#,
    ),
    (
        "microsoft.web/sites/config",
        "web",
        r#"{"numberOfWorkers":1,"defaultDocuments":["index.html"],"alwaysOn":false,"http20Enabled":false,"minTlsVersion":"1.2","scmMinTlsVersion":"1.2","ftpsState":"FtpsOnly","ipSecurityRestrictions":[{"ipAddress":"Any","action":"Allow","priority":2147483647,"name":"Allow all","description":"Allow all access"}],"scmIpSecurityRestrictions":[{"ipAddress":"Any","action":"Allow","priority":2147483647,"name":"Allow all","description":"Allow all access"}]}"#,
    ),
    (
        "microsoft.web/sites/config",
        "logs",
        r#"{"applicationLogs":{"fileSystem":{"level":"Off"}},"httpLogs":{"fileSystem":{"retentionInMb":35,"enabled":false}},"failedRequestsTracing":{"enabled":false},"detailedErrorMessages":{"enabled":false}}"#,
    ),
    (
        "microsoft.web/sites/config",
        "authsettingsv2",
        r#"{"platform":{"enabled":false,"runtimeVersion":"~1"},"globalValidation":{},"identityProviders":{},"login":{},"httpSettings":{}}"#,
    ),
    (
        "microsoft.web/sites/config",
        "slotconfignames",
        r#"{"connectionStringNames":null,"appSettingNames":null,"azureStorageConfigNames":null}"#,
    ),
    (
        "microsoft.web/sites/basicpublishingcredentialspolicies",
        "ftp",
        r#"{"allow":true}"#,
    ),
    (
        "microsoft.web/sites/basicpublishingcredentialspolicies",
        "scm",
        r#"{"allow":true}"#,
    ),
    (
        "microsoft.eventhub/namespaces/networkrulesets",
        "default",
        r#"{"publicNetworkAccess":"Enabled","defaultAction":"Allow","virtualNetworkRules":[],"ipRules":[]}"#,
    ),
    (
        "microsoft.servicebus/namespaces/networkrulesets",
        "default",
        r#"{"publicNetworkAccess":"Enabled","defaultAction":"Allow","virtualNetworkRules":[],"ipRules":[]}"#,
    ),
    (
        "microsoft.recoveryservices/vaults/backupconfig",
        "vaultconfig",
        r#"{"enhancedSecurityState":"Enabled","softDeleteFeatureState":"Enabled"}"#,
    ),
    (
        "microsoft.recoveryservices/vaults/backupstorageconfig",
        "vaultstorageconfig",
        r#"{"storageType":"GeoRedundant","storageTypeState":"Unlocked","crossRegionRestoreFlag":false}"#,
    ),
    (
        "microsoft.cognitiveservices/accounts/defenderforaisettings",
        "default",
        r#"{"state":"Disabled"}"#,
    ),
    (
        "microsoft.operationalinsights/workspaces/features",
        "clientgroups",
        r#"{}"#,
    ),
    (
        "microsoft.security/defenderforstoragesettings",
        "current",
        r#"{"isEnabled":false}"#,
    ),
    (
        "microsoft.security/advancedthreatprotectionsettings",
        "current",
        r#"{"isEnabled":false}"#,
    ),
];

/// Settings that a list does not show though each can be asked for by its name.
const UNLISTED: [(&str, &str); 3] = [
    ("microsoft.web/sites/config", "authsettingsv2"),
    ("microsoft.web/sites/config", "logs"),
    ("microsoft.web/sites/config", "slotconfignames"),
];

/// The settings that a list of a parent's settings shows.
pub(super) fn listed(tenant: &Tenant, path: &Path<'_>) -> Vec<Value> {
    let kind = path.kind().to_lowercase();
    let row = tenant.row(&path.parent());
    if !SINGLETONS.iter().any(|(of, ..)| *of == kind)
        || (row.is_none() && embedded::find(tenant, &path.parent()).is_none())
    {
        return Vec::new();
    }
    let parent = row.map_or_else(|| path.parent(), |row| row.id.clone());
    let own = SINGLETONS.iter().filter(|(of, name, properties)| {
        *of == kind && *properties != "null" && !UNLISTED.contains(&(*of, *name))
    });
    own.map(|(_, name, properties)| {
        json!({
            "id": format!("{parent}/{}/{name}", path.segments.last().copied().unwrap_or_default()),
            "name": name,
            "type": path.kind(),
            "properties": serde_json::from_str::<Value>(properties).unwrap_or_default(),
        })
    })
    .collect()
}

/// The IDs, lower-cased, of all settings that Azure answers for a resource though the tenant has no row of them.
pub(crate) fn of_resource(tenant: &Tenant, row: &Row) -> Vec<String> {
    let kind = row.kind.to_lowercase();
    SINGLETONS
        .iter()
        .filter(|(_, _, properties)| *properties != "null")
        .filter_map(|(of, name, _)| {
            let segment = of.strip_prefix(&*kind)?.strip_prefix('/')?;
            (!segment.contains('/')).then(|| format!("{}/{segment}/{name}", row.key))
        })
        .filter(|id| tenant.row(id).is_none())
        .collect()
}

/// The setting that a path names, if what it belongs to is there.
pub(super) fn find(tenant: &Tenant, path: &Path<'_>) -> Option<Value> {
    let (kind, name) = (path.kind(), path.segments.last()?);
    let known = |(of, known, _): &&(&str, &str, &str)| {
        kind.eq_ignore_ascii_case(of) && name.eq_ignore_ascii_case(known)
    };
    let (_, _, properties) = SINGLETONS.iter().find(known)?;
    let properties: Value = serde_json::from_str(properties).ok()?;
    let parent = path.parent();
    let is_there = tenant.row(&parent).is_some() || embedded::find(tenant, &parent).is_some();
    // `null` marks what Azure knows and does not make by itself.
    (is_there && !properties.is_null())
        .then(|| json!({"id": path.id(), "name": name, "type": kind, "properties": properties}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_json_and_its_name_is_written_in_small_letters() {
        for (kind, name, properties) in SINGLETONS {
            assert!(serde_json::from_str::<Value>(properties).is_ok(), "{kind}");
            assert_eq!(
                (kind.to_lowercase(), name.to_lowercase()),
                (kind.to_owned(), name.to_owned())
            );
        }
    }
}
