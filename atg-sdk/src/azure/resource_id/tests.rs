use std::collections::HashSet;

use proptest::prelude::*;
use rstest::rstest;

use super::*;

const SUB: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";

fn id(text: &str) -> ResourceId {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// `~` stands for a subscription, to keep the lines readable.
fn short(text: &str) -> ResourceId {
    id(&text.replace('~', SUB))
}

#[rstest]
#[case("/", Scope::Tenant, None, None, None)]
#[case("~", Scope::Subscription, None, None, None)]
#[case("~/", Scope::Subscription, None, None, None)]
#[case("~/resourceGroups/rg", Scope::ResourceGroup, Some("rg"), None, Some("~"))]
#[case(
    "~/RESOURCEGROUPS/my rg (1)/",
    Scope::ResourceGroup,
    Some("my rg (1)"),
    None,
    Some("~")
)]
#[case(
    "/providers/Microsoft.Management/managementGroups/mg",
    Scope::ManagementGroup,
    None,
    Some("Microsoft.Management/managementGroups"),
    None
)]
#[case(
    "/PROVIDERS/microsoft.management/managementgroups/mg",
    Scope::ManagementGroup,
    None,
    Some("microsoft.management/managementgroups"),
    None
)]
#[case(
    "~/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm",
    Scope::Resource,
    Some("rg"),
    Some("Microsoft.Compute/virtualMachines"),
    Some("~/resourceGroups/rg")
)]
#[case(
    "~/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/default",
    Scope::Resource,
    Some("rg"),
    Some("Microsoft.Network/virtualNetworks/subnets"),
    Some("~/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v")
)]
#[case(
    "~/resourceGroups/rg/providers/Microsoft.Sql/servers/s/databases/d/providers/Microsoft.Authorization/locks/l",
    Scope::Resource,
    Some("rg"),
    Some("Microsoft.Authorization/locks"),
    Some("~/resourceGroups/rg/providers/Microsoft.Sql/servers/s/databases/d")
)]
#[case(
    "~/providers/Microsoft.Authorization/roleAssignments/r",
    Scope::Resource,
    None,
    Some("Microsoft.Authorization/roleAssignments"),
    Some("~")
)]
#[case(
    "/providers/Microsoft.Authorization/roleAssignments/r",
    Scope::Resource,
    None,
    Some("Microsoft.Authorization/roleAssignments"),
    Some("/")
)]
#[case(
    "/providers/Microsoft.Management/managementGroups/mg/providers/Microsoft.Authorization/policyAssignments/p",
    Scope::Resource,
    None,
    Some("Microsoft.Authorization/policyAssignments"),
    Some("/providers/Microsoft.Management/managementGroups/mg")
)]
#[case(
    "/providers/Microsoft.Management/managementGroups/mg/subscriptions/s",
    Scope::Resource,
    None,
    Some("Microsoft.Management/managementGroups/subscriptions"),
    Some("/providers/Microsoft.Management/managementGroups/mg")
)]
// The word `providers` as a name.
#[case(
    "~/resourceGroups/providers",
    Scope::ResourceGroup,
    Some("providers"),
    None,
    Some("~")
)]
#[case(
    "~/resourceGroups/providers/providers/Microsoft.Web/sites/providers",
    Scope::Resource,
    Some("providers"),
    Some("Microsoft.Web/sites"),
    Some("~/resourceGroups/providers")
)]
#[case(
    "~/resourceGroups/rg/providers/Microsoft.Web/sites/providers/slots/x",
    Scope::Resource,
    Some("rg"),
    Some("Microsoft.Web/sites/slots"),
    Some("~/resourceGroups/rg/providers/Microsoft.Web/sites/providers")
)]
// Collections and shapes that Azure has not told us about.
#[case("~/resourceGroups", Scope::Other, None, None, Some("~"))]
#[case(
    "~/resourceGroups/rg/providers/Microsoft.Web/sites",
    Scope::Other,
    Some("rg"),
    Some("Microsoft.Web/sites"),
    Some("~/resourceGroups/rg")
)]
#[case(
    "~/resourceGroups/rg/providers/Microsoft.Web",
    Scope::Other,
    Some("rg"),
    None,
    Some("~/resourceGroups/rg")
)]
#[case("/planets/mars/moons/phobos", Scope::Other, None, None, Some("/planets/mars"))]
#[case("/planets", Scope::Other, None, None, Some("/"))]
#[case("/providers", Scope::Other, None, None, Some("/"))]
fn an_id_tells_what_it_names(
    #[case] text: &str,
    #[case] scope: Scope,
    #[case] group: Option<&str>,
    #[case] resource_type: Option<&str>,
    #[case] parent: Option<&str>,
) {
    let id = short(text);
    assert_eq!(id.scope(), scope);
    assert_eq!(id.resource_group(), group);
    assert_eq!(id.subscription().is_some(), text.starts_with('~'));
    assert_eq!(
        id.resource_type().as_ref().map(ResourceType::as_str),
        resource_type
    );
    let parent = parent.map(|parent| parent.replace('~', SUB));
    assert_eq!(id.parent().as_ref().map(ResourceId::as_str), parent.as_deref());
    assert_eq!(id.to_string(), text.replace('~', SUB));
}

#[rstest]
#[case("", "start with")]
#[case("subscriptions/x", "start with")]
#[case(" /subscriptions/x", "start with")]
#[case("https://management.azure.com/subscriptions/x", "start with")]
#[case("//", "empty segment")]
#[case("//subscriptions/x", "empty segment")]
#[case("/subscriptions//x", "empty segment")]
#[case("/subscriptions/x//", "empty segment")]
#[case("/subscriptions/ /resourceGroups/x", "empty segment")]
#[case("/subscriptions/x\ny", "control character")]
#[case("/subscriptions/x\0", "control character")]
fn what_is_not_an_id_is_refused_in_words(#[case] text: &str, #[case] why: &str) {
    let error = text.parse::<ResourceId>().unwrap_err();
    assert!(error.message().contains(why), "{error}");
}

#[test]
fn long_ids_are_fine_up_to_the_limit() {
    let of_length = |chars: usize| format!("{SUB}/resourceGroups/{}", "é".repeat(chars - SUB.len() - 16));
    for chars in [2_000, 2_049, ResourceId::MAX_CHARS] {
        let text = of_length(chars);
        assert_eq!(text.chars().count(), chars);
        assert_eq!(id(&text).as_str(), text);
    }
    let error = of_length(ResourceId::MAX_CHARS + 1)
        .parse::<ResourceId>()
        .unwrap_err();
    assert!(
        error.message().contains("8,192") && error.message().len() < 400,
        "{error}"
    );
}

#[test]
fn case_and_a_slash_at_the_end_make_no_difference() {
    let same = [
        "/subscriptions/A/resourceGroups/Größe/providers/Microsoft.Web/sites/İK",
        "/SUBSCRIPTIONS/a/resourcegroups/GRÖßE/PROVIDERS/microsoft.web/SITES/İk/",
    ];
    assert_eq!(id(same[0]), id(same[1]));
    assert_eq!(id(same[0]).to_key(), id(same[1]).to_key());
    assert_eq!(id(same[0]).cmp(&id(same[1])), Ordering::Equal);
    assert_eq!(same.map(id).into_iter().collect::<HashSet<_>>().len(), 1);
    // The Kelvin sign has a small letter inside ASCII.
    assert_eq!(
        ["/a/\u{212a}", "/a/k", "/A/K"]
            .map(id)
            .into_iter()
            .collect::<HashSet<_>>()
            .len(),
        1
    );
    assert_ne!(id("/a/b"), id("/a/c"));
}

#[rstest]
#[case("~/resourceGroups/rg", "~/resourceGroups/RG/", true)]
#[case("~/resourceGroups/rg/providers/a/b/c", "~/resourcegroups/rg", true)]
#[case("~/resourceGroups/rg2", "~/resourceGroups/rg", false)]
#[case("~/resourceGroups/rg2/providers/a/b/c", "~/resourceGroups/rg", false)]
#[case("~/resourceGroups/rg", "~/resourceGroups/rg2", false)]
#[case("~/resourceGroups/rg", "~", true)]
#[case("~", "/", true)]
#[case("/", "/", true)]
#[case("/", "~", false)]
#[case("~/resourceGroups/GRÜN/providers/a/b/c", "~/resourceGroups/grün", true)]
#[case("~/resourceGroups/grünau", "~/resourceGroups/grün", false)]
#[case("~/resourceGroups/grün", "/", true)]
#[case(
    "/providers/Microsoft.Management/managementGroups/mg1/providers/a/b/c",
    "/providers/Microsoft.Management/managementGroups/mg",
    false
)]
fn an_id_lies_in_whole_segments(#[case] inner: &str, #[case] outer: &str, #[case] expected: bool) {
    assert_eq!(short(inner).is_within(&short(outer)), expected);
}

#[test]
fn json_is_a_string_that_is_checked() {
    let read: ResourceId = serde_json::from_str("\"/subscriptions/x\"").unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), "\"/subscriptions/x\"");
    assert!(serde_json::from_str::<ResourceId>("\"x\"").is_err());
}

fn any_segment() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("providers".to_owned()),
        Just("subscriptions".to_owned()),
        Just("resourceGroups".to_owned()),
        Just("managementGroups".to_owned()),
        Just("Microsoft.Management".to_owned()),
        "[a-zA-Z0-9._() -]{0,12}[a-z0-9]",
        "[äöüßéñŁжλ漢字🙂a-z]{1,8}",
    ]
}

fn any_id() -> impl Strategy<Value = String> {
    (prop::collection::vec(any_segment(), 0..12), any::<bool>()).prop_map(|(segments, slash)| {
        let mut text: String = segments.iter().map(|segment| format!("/{segment}")).collect();
        if slash || text.is_empty() {
            text.push('/');
        }
        text
    })
}

/// Turns the case of those letters that have exactly one counterpart.
fn flipped(text: &str) -> String {
    text.chars()
        .map(|c| {
            let other: Vec<char> = if c.is_lowercase() {
                c.to_uppercase().collect()
            } else {
                c.to_lowercase().collect()
            };
            match other[..] {
                [one] => one,
                _ => c,
            }
        })
        .collect()
}

fn hash_of(id: &ResourceId) -> u64 {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
    BuildHasherDefault::<DefaultHasher>::default().hash_one(id)
}

proptest! {
    #[test]
    fn printing_gives_back_what_was_read(text in any_id()) {
        let id = id(&text);
        prop_assert_eq!(id.to_string(), text);
        prop_assert_eq!(id.to_string().parse::<ResourceId>().unwrap(), id);
    }

    #[test]
    fn case_never_matters(text in any_id()) {
        let (one, other) = (id(&text), id(&flipped(&text)));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(hash_of(&one), hash_of(&other));
        prop_assert_eq!(one.to_key(), other.to_key());
        prop_assert_eq!(one.scope(), other.scope());
        prop_assert_eq!(one.parent(), other.parent());
        prop_assert_eq!(one.resource_type(), other.resource_type());
        prop_assert!(one.is_within(&other) && other.is_within(&one));
    }

    #[test]
    fn equality_is_that_of_keys(one in any_id(), other in any_id()) {
        let (one, other) = (id(&one), id(&other));
        prop_assert_eq!(one == other, one.to_key() == other.to_key());
        prop_assert_eq!(one.cmp(&other) == Ordering::Equal, one == other);
        prop_assert_eq!(one == other, one.is_within(&other) && other.is_within(&one));
    }

    #[test]
    fn parents_come_to_an_end_and_hold_their_children(text in any_id()) {
        let start = id(&text);
        let mut current = start.clone();
        let mut steps = 0;
        while let Some(parent) = current.parent() {
            prop_assert!(current.is_within(&parent) && !parent.is_within(&current));
            prop_assert!(start.is_within(&parent), "being within is transitive along parents");
            current = parent;
            steps += 1;
            prop_assert!(steps <= 12);
        }
        prop_assert!(matches!(current.scope(), Scope::Tenant | Scope::Subscription | Scope::ManagementGroup));
    }

    #[test]
    fn being_within_is_reflexive_and_transitive(text in any_id(), a in 0..12_usize, b in 0..12_usize, tail in any_segment()) {
        let whole = id(&text);
        let segments: Vec<_> = whole.segments().collect();
        let cut = |count: usize| {
            let head: String = segments.iter().take(count).map(|segment| format!("/{segment}")).collect();
            id(if head.is_empty() { "/" } else { &head })
        };
        let (outer, middle) = (cut(a.min(b)), cut(a.max(b)));
        prop_assert!(whole.is_within(&whole));
        prop_assert!(whole.is_within(&middle) && middle.is_within(&outer) && whole.is_within(&outer));
        // A longer last segment is another thing.
        if middle != id("/") {
            let longer = id(&format!("{}{tail}", middle.path()));
            prop_assert!(!longer.is_within(&middle) && !middle.is_within(&longer));
        }
    }

    /// Whatever is thrown at it: an answer, not a panic.
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}|/[/a-zé ]{0,40}") {
        if let Ok(id) = text.parse::<ResourceId>() {
            let _ = (id.scope(), id.parent(), id.resource_type(), id.name(), id.to_key());
            prop_assert_eq!(id.as_str(), text);
        }
    }
}
