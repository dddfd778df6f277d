use http::Method;
use serde_json::json;

use crate::support::{Site, id_of, site};

async fn with_artifacts() -> (Site, crate::support::Key, String) {
    let (site, key) = site().await;
    let steps = json!([
        { "artifact": { "name": "b.txt", "text": "0123456789", "repeat": 1 } },
        { "artifact": { "name": "modules/a b/ü.tf", "text": "terraform\n", "repeat": 20_000 } },
        { "artifact": { "name": "empty", "text": "", "repeat": 0 } }
    ]);
    let job = site.rehearsed(&key, steps).await;
    assert_eq!(job["status"], "completed", "{job}");
    let path = format!("/api/v1/jobs/{}/artifacts", id_of(&job));
    (site, key, path)
}

#[tokio::test]
async fn an_artifact_comes_whole_or_in_ranges() {
    let (site, key, path) = with_artifacts().await;
    let path = format!("{path}/b.txt");
    let whole = site.get(&path, &key).send().await;
    assert_eq!((whole.status.as_u16(), whole.text()), (200, "0123456789"));
    assert_eq!(whole.header("accept-ranges"), "bytes");
    let digest = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";
    let tag = format!("\"{digest}\"");
    assert_eq!(whole.header("etag"), tag);
    assert_eq!(
        whole.header("repr-digest"),
        "sha-256=:hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=:"
    );
    assert_eq!(
        whole.header("content-disposition"),
        "attachment; filename=\"b.txt\""
    );
    let range = |range: &'static str| site.get(&path, &key).header("range", range);
    let part = range("bytes=3-5").send().await;
    assert_eq!((part.status.as_u16(), part.text()), (206, "345"));
    assert_eq!(part.header("content-range"), "bytes 3-5/10");
    assert_eq!(
        (part.header("etag"), part.header("repr-digest")),
        (tag.as_str(), whole.header("repr-digest"))
    );
    let tail = range("bytes=-2").send().await;
    assert_eq!((tail.status.as_u16(), tail.text()), (206, "89"));
    let past = range("bytes=10-").send().await;
    past.problem(416, "RangeNotSatisfiable");
    assert_eq!(past.header("content-range"), "bytes */10");
    let fresh = range("bytes=3-5").header("if-range", &tag).send().await;
    assert_eq!(fresh.status, 206);
    let stale = range("bytes=3-5").header("if-range", "\"other\"").send().await;
    assert_eq!((stale.status.as_u16(), stale.text()), (200, "0123456789"));
    let known = site.get(&path, &key).header("if-none-match", &tag).send().await;
    assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
    let head = site.call(Method::HEAD, &path).key(&key).send().await;
    assert_eq!(
        (
            head.status.as_u16(),
            head.header("content-length"),
            head.body.len()
        ),
        (200, "10", 0)
    );
}

#[tokio::test]
async fn names_hold_slashes_and_never_leave_the_job() {
    let (site, key, path) = with_artifacts().await;
    let found = site
        .get(&format!("{path}/modules/a%20b/%C3%BC.tf"), &key)
        .send()
        .await;
    assert_eq!((found.status.as_u16(), found.body.len()), (200, 200_000));
    for name in [
        "../b.txt",
        "%2e%2e/b.txt",
        "..%2fb.txt",
        "modules/../b.txt",
        "%2fetc/passwd",
        "/etc/passwd",
        "b.txt%00",
        "B.TXT",
        "modules",
        "%ff",
    ] {
        let answer = site.get(&format!("{path}/{name}"), &key).send().await;
        answer.problem(404, "NotFound");
    }
}

#[tokio::test]
async fn the_list_says_what_there_is() {
    let (site, key, path) = with_artifacts().await;
    let list = site.get(&format!("{path}?list"), &key).send().await.json();
    let names: Vec<_> = list["artifacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| &a["name"])
        .collect();
    assert_eq!(names.len(), 3);
    for artifact in list["artifacts"].as_array().unwrap() {
        assert!(artifact["size_bytes"].is_u64() && artifact["sha256"].as_str().unwrap().len() == 64);
    }
    let answer = site.get(&format!("{path}?list=maybe"), &key).send().await;
    assert_eq!(answer.pointers(), ["?list"]);
}

#[tokio::test]
async fn the_archive_is_one_zip_of_which_every_range_fits() {
    let (site, key, path) = with_artifacts().await;
    let whole = site.get(&path, &key).send().await;
    assert_eq!(
        (whole.status.as_u16(), whole.header("content-type")),
        (200, "application/zip")
    );
    let again = site.get(&path, &key).send().await;
    assert_eq!(again.body, whole.body);
    assert_eq!(again.header("etag"), whole.header("etag"));
    // A stored entry's bytes stand in the archive as they are.
    let holds = |text: &[u8]| whole.body.windows(text.len()).any(|window| window == text);
    assert!(holds(b"0123456789") && holds("modules/a b/ü.tf".as_bytes()));
    assert!(whole.body.starts_with(b"PK\x03\x04"));
    // Pieces of odd lengths, headers and contents across, make the whole again.
    let mut joined = Vec::new();
    while joined.len() < whole.body.len() {
        let range = format!("bytes={}-{}", joined.len(), joined.len() + 33_332);
        let part = site
            .get(&path, &key)
            .header("range", &range)
            .header("if-range", whole.header("etag"))
            .send()
            .await;
        assert_eq!(part.status, 206, "{part:?}");
        joined.extend_from_slice(&part.body);
    }
    assert_eq!(joined, whole.body);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_strangers_do_not_learn_it() {
    let (site, key, path) = with_artifacts().await;
    let path = format!("{path}/c.txt");
    site.get(&path, &key).send().await.problem(404, "NotFound");
    let stranger = crate::support::key("nobody");
    site.get(&path, &stranger)
        .send()
        .await
        .problem(401, "Unauthenticated");
}
