//! Files that come out of jobs.

use std::{fs, sync::Arc};

use futures::StreamExt;
use sha2::{Digest, Sha256};

use super::{
    Fixture,
    support::{
        Directory, bytes, ended, fail, file, job, ok, read, refused, run_to_end, script, stop, submit, until,
        warn,
    },
};
use crate::{
    ByteRange, ErrorKind, EventKind, ExecutorExt, InputDigest, JobStatus, model::operations::rehearsal::Step,
};

/// Name, size, digest and bytes agree, for small files and large ones, in folders and with odd names.
pub async fn files_are_what_the_job_says_they_are(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let files = [
        ("report.json", "{}", 1),
        ("modules/network/main.tf", "resource\n", 10),
        ("prüfung (1) 🙂.md", "é", 5),
        ("large.bin", "0123456789abcdef", 200_000),
    ];
    let request = script(files.map(|(name, text, repeat)| file(name, text, repeat)));
    let end = run_to_end(&executor, &request).await;
    assert_eq!(end.status, JobStatus::Completed, "{end:?}");
    assert_eq!(end.artifacts.len(), files.len());
    for (name, text, repeat) in files {
        let expected = text.repeat(repeat as usize).into_bytes();
        let Some(artifact) = end.artifacts.iter().find(|artifact| artifact.name == name) else {
            panic!("`{name}` is missing: {:?}", end.artifacts);
        };
        assert_eq!(artifact.size_bytes, expected.len() as u64, "{name}");
        let digest = InputDigest::from_bytes(Sha256::digest(&expected).into());
        assert_eq!(artifact.sha256, digest.as_str(), "{name}");
        assert!(
            artifact.content_type.starts_with("text/plain"),
            "{}",
            artifact.content_type
        );
        let opened = ok(
            executor.read_artifact(request.id, name, None).await,
            "open an artifact",
        );
        assert_eq!(&opened.artifact, artifact);
        assert_eq!(opened.range, 0..artifact.size_bytes);
        assert!(
            bytes(opened).await == expected,
            "`{name}` is not what was written"
        );
    }
}

/// A file without bytes is there, and has no range.
pub async fn an_empty_file_is_a_file(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = script([file("empty", "", 0)]);
    let end = run_to_end(&executor, &request).await;
    assert_eq!(end.artifacts[0].size_bytes, 0);
    assert_eq!(read(&executor, request.id, "empty").await, b"");
    let range = Some(ByteRange { start: 0, end: None });
    let answer = executor.read_artifact(request.id, "empty", range).await;
    refused(answer, &[ErrorKind::InvalidArgument], "a range of an empty file");
}

/// An end past the file's is the file's; a beginning past it is a mistake of the caller.
pub async fn ranges_are_cut_at_the_end_and_refused_past_it(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = script([file("digits", "0123456789", 100_000)]);
    run_to_end(&executor, &request).await;
    let whole = read(&executor, request.id, "digits").await;
    let size = whole.len() as u64;
    let good = [
        (0, None),
        (0, Some(1)),
        (3, Some(7)),
        (0, Some(size)),
        (0, Some(size + 1)),
        (123_456, Some(654_321)),
        (size - 1, None),
        (size - 1, Some(size)),
        (size - 3, Some(u64::MAX)),
    ];
    for (start, end) in good {
        let range = ByteRange { start, end };
        let opened = ok(
            executor.read_artifact(request.id, "digits", Some(range)).await,
            &format!("open {range:?}"),
        );
        let expected = start..end.unwrap_or(size).min(size);
        assert_eq!(opened.range, expected, "{range:?}");
        assert_eq!(
            opened.artifact.size_bytes, size,
            "a range does not make the file smaller"
        );
        let (from, to) = (expected.start as usize, expected.end as usize);
        assert!(bytes(opened).await == whole[from..to], "{range:?}");
    }
    for (start, end) in [
        (size, None),
        (size + 1, None),
        (u64::MAX, None),
        (5, Some(5)),
        (6, Some(5)),
        (0, Some(0)),
    ] {
        let range = ByteRange { start, end };
        let answer = executor.read_artifact(request.id, "digits", Some(range)).await;
        refused(answer, &[ErrorKind::InvalidArgument], &format!("{range:?}"));
    }
}

/// A name is looked up among the job's files and never taken for a path.
pub async fn names_that_nobody_wrote_are_not_found(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let (request, other) = (script([file("a/b", "a", 1)]), script([file("secret", "s", 1)]));
    run_to_end(&executor, &request).await;
    run_to_end(&executor, &other).await;
    let names = [
        "missing".to_owned(),
        "a".to_owned(),
        "a/b/".to_owned(),
        "A/B".to_owned(),
        String::new(),
        "/etc/passwd".to_owned(),
        "../../../../../../etc/passwd".to_owned(),
        format!("../{}/secret", other.id),
        "a/../a/b".to_owned(),
        "a//b".to_owned(),
        "a/b\0".to_owned(),
    ];
    for name in names {
        let answer = executor.read_artifact(request.id, &name, None).await;
        refused(
            answer,
            &[ErrorKind::NotFound, ErrorKind::InvalidArgument],
            &format!("reading {name:?}"),
        );
    }
    assert_eq!(read(&executor, request.id, "a/b").await, b"a");
}

/// No name leads out of the place where artifacts are kept.
pub async fn a_bad_name_fails_the_job(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    for name in [
        "../escape",
        "/escape",
        "a/../../escape",
        "",
        "a//b",
        "line\nend",
        "back\\slash",
    ] {
        let end = run_to_end(&executor, &script([file(name, "x", 1)])).await;
        assert_eq!(end.status, JobStatus::Failed, "{name:?}");
        let kind = end.error.map(|error| error.kind());
        assert_eq!(kind, Some(ErrorKind::InvalidArgument), "{name:?}");
    }
}

/// Half a report is worse than none: files are there when the job has ended.
pub async fn files_appear_when_the_job_has_ended(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = script([file("early", "x", 1), warn("written"), Step::Hang]);
    submit(&executor, &request).await;
    until(&executor, request.id, |kind| {
        matches!(kind, EventKind::Warning { .. })
    })
    .await;
    assert_eq!(job(&executor, request.id).await.artifacts, []);
    let answer = executor.read_artifact(request.id, "early", None).await;
    refused(answer, &[ErrorKind::Conflict], "reading a file of a running job");
    let directory = Directory::new();
    let answer = executor.download_artifacts(request.id, directory.path()).await;
    refused(answer, &[ErrorKind::Conflict], "downloading from a running job");
    stop(&executor, request.id).await;
}

/// Only what a job completed with is shown: half a report is told from a whole one by nobody.
pub async fn a_job_that_did_not_complete_leaves_no_files(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let failing = script([
        file("report.json", "{}", 1),
        fail(ErrorKind::PermissionDenied, "read a subscription"),
    ]);
    let failed = run_to_end(&executor, &failing).await;
    let cancelled = script([file("report.json", "{}", 1), warn("written"), Step::Hang]);
    submit(&executor, &cancelled).await;
    until(&executor, cancelled.id, |kind| {
        matches!(kind, EventKind::Warning { .. })
    })
    .await;
    stop(&executor, cancelled.id).await;
    let cancelled = ended(&executor, cancelled.id).await;
    for (job, status) in [(failed, JobStatus::Failed), (cancelled, JobStatus::Cancelled)] {
        assert_eq!((job.status, &job.artifacts[..]), (status, &[][..]));
        let answer = executor.read_artifact(job.id, "report.json", None).await;
        refused(
            answer,
            &[ErrorKind::NotFound],
            &format!("a file of a {status} job"),
        );
        let directory = Directory::new();
        let answer = executor.download_artifacts(job.id, directory.path()).await;
        let written = ok(answer, "download what a job left");
        assert_eq!(written.len(), 0, "{status}");
    }
}

/// A reader may go away at any time.
pub async fn a_half_read_file_harms_nobody(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = script([file("large", "0123456789abcdef", 100_000)]);
    run_to_end(&executor, &request).await;
    for _ in 0..20 {
        let mut opened = ok(
            executor.read_artifact(request.id, "large", None).await,
            "open an artifact",
        );
        assert!(opened.bytes.next().await.is_some());
    }
    assert_eq!(read(&executor, request.id, "large").await.len(), 1_600_000);
    assert_eq!(ended(&executor, request.id).await.status, JobStatus::Completed);
}

/// The directory is made, folders in it too, nothing temporary stays, and a second download gives the same.
pub async fn a_download_writes_whole_files_and_replaces_old_ones(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = script([
        file("main.tf", "a", 3),
        file("modules/net/main.tf", "b", 100_000),
        file("empty", "", 0),
    ]);
    let end = run_to_end(&executor, &request).await;
    let directory = Directory::new();
    let target = directory.path().join("new/out");
    for _ in 0..2 {
        let written = ok(
            executor.download_artifacts(request.id, &target).await,
            "download artifacts",
        );
        let expected: Vec<_> = end
            .artifacts
            .iter()
            .map(|artifact| target.join(&artifact.name))
            .collect();
        assert_eq!(written, expected);
        for (name, content) in [
            ("main.tf", "aaa".to_owned()),
            ("modules/net/main.tf", "b".repeat(100_000)),
        ] {
            let read = fs::read_to_string(target.join(name));
            assert!(read.is_ok_and(|text| text == content), "{name}");
        }
        let left: Vec<_> = fs::read_dir(&target).into_iter().flatten().flatten().collect();
        assert_eq!(left.len(), 3, "{left:?}");
        if let Err(error) = fs::write(target.join("main.tf"), "old and longer") {
            panic!("cannot write: {error}");
        }
    }
}
