//! Finding jobs again.

use std::sync::Arc;

use futures::StreamExt;

use super::{
    Fixture,
    support::{
        fail, hang, list, ok, quick, run_to_end, script, somebody_else, stop, submit, submit_started, tenant,
    },
};
use crate::{
    ErrorKind, JobFilter, JobId, JobRequest, JobStatus, Operation, Owner,
    model::operations::rehearsal::Parameters,
};

fn about(number: u128) -> JobRequest {
    JobRequest::new(Operation::Rehearsal(Parameters {
        tenant_id: Some(tenant(number)),
        ..Parameters::default()
    }))
}

/// An empty list is a list.
pub async fn an_executor_without_jobs_lists_none(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    assert_eq!(list(&executor, JobFilter::default()).await, []);
}

/// All of them, each once, however many pages that takes; and whoever stops reading has harmed nobody.
pub async fn many_jobs_come_newest_first(fixture: Arc<dyn Fixture>) {
    const COUNT: usize = 120;
    let executor = fixture.executor(4).await;
    let mut ids = Vec::new();
    for _ in 0..COUNT {
        let request = quick();
        submit(&executor, &request).await;
        ids.push(request.id);
    }
    let listed = list(&executor, JobFilter::default()).await;
    let times: Vec<_> = listed.iter().map(|job| job.created_at).collect();
    assert!(
        times.is_sorted_by(|newer, older| newer >= older),
        "not newest first"
    );
    let mut found: Vec<_> = listed.iter().map(|job| job.id).collect();
    found.sort();
    ids.sort();
    assert_eq!(found, ids);
    let some: Vec<_> = executor.list_jobs(JobFilter::default()).take(3).collect().await;
    for (job, expected) in some.into_iter().zip(&listed) {
        assert_eq!(ok(job, "list some jobs").id, expected.id);
    }
}

/// Page by page gives what the whole listing gives, also when jobs come in between.
pub async fn a_listing_goes_on_where_it_stopped(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(4).await;
    for _ in 0..20 {
        run_to_end(&executor, &quick()).await;
    }
    let whole: Vec<_> = list(&executor, JobFilter::default())
        .await
        .iter()
        .map(|job| job.id)
        .collect();
    let mut pages = Vec::new();
    let mut before = None;
    loop {
        let filter = JobFilter {
            before,
            ..JobFilter::default()
        };
        let page: Vec<_> = executor.list_jobs(filter).take(7).collect().await;
        let Some(last) = page.last() else { break };
        before = last.as_ref().ok().map(|job| (job.created_at, job.id));
        for job in page {
            pages.push(ok(job, "list a page").id);
        }
        run_to_end(&executor, &quick()).await;
    }
    assert_eq!(pages, whole);
}

/// Conditions are joined by "and", the values of one by "or", and an empty one admits everything.
pub async fn every_filter_admits_what_it_says(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let other = fixture.on_behalf_of(&executor, &somebody_else());
    let (one, two, none, failed) = (
        about(1),
        about(2),
        quick(),
        script([fail(ErrorKind::Gone, "find it")]),
    );
    for request in [&one, &two, &none, &failed] {
        run_to_end(&executor, request).await;
    }
    let foreign = about(1).with_owner(somebody_else());
    run_to_end(&other, &foreign).await;
    let (running, queued) = (hang(), quick());
    submit_started(&executor, &running).await;
    submit(&executor, &queued).await;

    let all = || JobFilter {
        owner: Some(Owner::default()),
        ..JobFilter::default()
    };
    let filters: [(&str, JobFilter, Vec<JobId>); 12] = [
        (
            "mine",
            all(),
            vec![one.id, two.id, none.id, failed.id, running.id, queued.id],
        ),
        (
            "completed",
            JobFilter {
                status: vec![JobStatus::Completed],
                ..all()
            },
            vec![one.id, two.id, none.id],
        ),
        (
            "failed",
            JobFilter {
                status: vec![JobStatus::Failed],
                ..all()
            },
            vec![failed.id],
        ),
        (
            "not ended",
            JobFilter {
                status: vec![JobStatus::Pending, JobStatus::Running],
                ..all()
            },
            vec![running.id, queued.id],
        ),
        (
            "cancelled",
            JobFilter {
                status: vec![JobStatus::Cancelled],
                ..all()
            },
            vec![],
        ),
        (
            "tenant 1",
            JobFilter {
                tenants: Some(vec![tenant(1)]),
                ..all()
            },
            vec![one.id],
        ),
        (
            "tenants",
            JobFilter {
                tenants: Some(vec![tenant(1), tenant(2)]),
                ..all()
            },
            vec![one.id, two.id],
        ),
        (
            "tenant 3",
            JobFilter {
                tenants: Some(vec![tenant(3)]),
                ..all()
            },
            vec![],
        ),
        (
            "no tenant at all",
            JobFilter {
                tenants: Some(vec![]),
                ..all()
            },
            vec![],
        ),
        (
            "rehearsals",
            JobFilter {
                operations: vec!["scan".to_owned(), "rehearsal".to_owned()],
                ..all()
            },
            vec![one.id, two.id, none.id, failed.id, running.id, queued.id],
        ),
        (
            "scans",
            JobFilter {
                operations: vec!["scan".to_owned()],
                ..all()
            },
            vec![],
        ),
        (
            "completed of tenant 2",
            JobFilter {
                status: vec![JobStatus::Completed],
                tenants: Some(vec![tenant(2)]),
                ..all()
            },
            vec![two.id],
        ),
    ];
    for (name, filter, mut expected) in filters {
        let mut found: Vec<_> = list(&executor, filter).await.iter().map(|job| job.id).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{name}");
    }
    let theirs = JobFilter {
        owner: Some(somebody_else()),
        ..JobFilter::default()
    };
    let found: Vec<_> = list(&other, theirs).await.iter().map(|job| job.id).collect();
    assert_eq!(found, [foreign.id]);
    stop(&executor, running.id).await;
}
