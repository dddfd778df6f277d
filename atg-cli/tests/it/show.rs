//! `atg show`

use serde_json::Value;

use super::support::{Home, TENANT, resource_id};

#[test]
fn a_node_is_found_by_id_in_any_case_and_by_name() {
    let home = Home::scanned();
    let id = resource_id("Microsoft.Compute/virtualMachines/vm-web");
    for node in [
        id.clone(),
        id.to_uppercase(),
        format!("{id}/"),
        "vm-web".to_owned(),
        "VM-Web".to_owned(),
    ] {
        let shown = home.run(&["show", &node, "--output", "json"]).expect(0).json();
        assert_eq!(shown["properties"]["id"], id, "{node}");
        assert!(
            shown["labels"]
                .as_array()
                .unwrap()
                .contains(&"VirtualMachine".into()),
            "{shown}"
        );
    }
    home.run(&["show", &id, "--tenant-id", TENANT]).expect(0);
    home.run(&["show", &id, "--tenant-id", "33333333-3333-3333-3333-333333333333"])
        .expect_error(4, &["no node"]);
}

#[test]
fn neighbours_are_shown_in_both_directions() {
    let home = Home::scanned();
    let shown = home
        .run(&["show", "nic-web", "--output", "json"])
        .expect(0)
        .json();
    let names = |side: &str| -> Vec<String> {
        let all = shown[side].as_array().unwrap();
        all.iter()
            .map(|n| {
                format!(
                    "{} {}",
                    n["relationship"].as_str().unwrap(),
                    n["name"].as_str().unwrap()
                )
            })
            .collect()
    };
    assert!(
        names("outgoing").contains(&"USES_SUBNET default".to_owned()),
        "{:?}",
        names("outgoing")
    );
    assert!(
        names("incoming").contains(&"CONTAINS rg-web".to_owned()),
        "{:?}",
        names("incoming")
    );
    let text = home.run(&["show", "nic-web"]).expect(0).stdout;
    for words in [
        "USES_SUBNET",
        "CONTAINS",
        "rg-web",
        "→ to",
        "← from",
        "westeurope",
    ] {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
    let cut = home
        .run(&["show", "rg-web", "--neighbours", "1", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(cut["outgoing_truncated"], Value::Bool(true));
    assert_eq!(cut["outgoing"].as_array().unwrap().len(), 1);
}

#[test]
fn several_nodes_of_a_name_are_listed() {
    let home = Home::scanned();
    let id = resource_id("Microsoft.Network/networkSecurityGroups/vm-web");
    let row = serde_json::json!({"id": id, "name": "vm-web", "type": "Microsoft.Network/networkSecurityGroups", "properties": {}});
    let source = home.file("more.jsonl", &format!("{row}\n"));
    home.run(&["scan", "--from", &source, "--tenant-id", TENANT])
        .expect(0);
    let ran = home.run(&["show", "vm-web"]).expect(0);
    assert!(
        ran.stdout.contains(&id) && ran.stdout.contains("virtualMachines/vm-web"),
        "{}",
        ran.stdout
    );
    let matches = home.run(&["show", "vm-web", "--output", "json"]).expect(0).json();
    assert_eq!(matches["matches"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_not_there_exits_4() {
    let home = Home::scanned();
    home.run(&["show", "no-such-thing"])
        .expect_error(4, &["no-such-thing"]);
}
