//! `--remote`: the same commands, carried out by a service.

use std::{fs, net::TcpListener, path::Path};

use serde_json::Value;

use super::{
    service::Service,
    support::{Home, Ran, TENANT, tenant},
};

/// A home whose commands run here, and one whose commands the service carries out; both have scanned the same file.
fn both() -> (Home, Home, Service) {
    both_with(Service::start())
}

fn both_with(service: Service) -> (Home, Home, Service) {
    let here = Home::scanned();
    let there = Home::new();
    let source = there.file("tenant.jsonl", &tenant());
    let ran = service
        .run(&there, &["scan", "--from", &source, "--tenant-id", TENANT])
        .expect(0);
    assert!(
        ran.stderr.contains("atg --remote query"),
        "advice for the same place:\n{}",
        ran.stderr
    );
    (here, there, service)
}

/// What two runs must have in common: everything but what is listed as differing between any two.
fn comparable(text: &str) -> Value {
    let mut value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    strip(&mut value);
    value
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !atg_sdk::volatile::is_volatile(name));
            members.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

fn job_of(ran: &Ran, operation: &str) -> String {
    let jobs = ran.json()["jobs"].as_array().unwrap().clone();
    let job = jobs.iter().find(|job| job["operation"] == operation).unwrap();
    job["job_id"].as_str().unwrap().to_owned()
}

#[test]
fn every_operation_prints_the_same_as_on_this_machine() {
    prints_the_same(Service::start());
}

#[test]
fn every_operation_prints_the_same_through_the_queue() {
    prints_the_same(Service::queued());
}

fn prints_the_same(service: Service) {
    let (here, there, service) = both_with(service);
    let source = "tenant.jsonl";
    for args in [
        &["scan", "--from", source, "--tenant-id", TENANT][..],
        &[
            "query",
            "MATCH (n:Resource) RETURN n.id AS id, labels(n) AS labels, n.location AS at ORDER BY id",
        ],
        &[
            "query",
            "MATCH (a:Resource)-[r]->(b:Resource) RETURN a.id AS a, type(r) AS t, b.id AS b ORDER BY a, t, b",
        ],
        &[
            "query",
            "MATCH (n:Resource) RETURN n.name AS name ORDER BY name LIMIT 3",
            "--row-limit",
            "2",
        ],
        &["show", "vm-web"],
        &["export", "--force"],
        &["import", "--replace", "graph.jsonl.zst"],
        // What failed fails in the same words.
        &["query", "MATCH (n) DELETE n"],
        &["import", "tenant.jsonl"],
    ] {
        let args = [args, &["--output", "json"]].concat();
        let (local, remote) = (here.run(&args), service.run(&there, &args));
        assert_eq!(
            remote.code, local.code,
            "{args:?}\n{}\n{}",
            local.stderr, remote.stderr
        );
        if matches!(local.code, 0 | 6) {
            assert_eq!(comparable(&remote.stdout), comparable(&local.stdout), "{args:?}");
        } else {
            assert_eq!((&*remote.stdout, &*local.stdout), ("", ""), "{args:?}");
            let said = |ran: &Ran| {
                let error = ran.stderr.lines().find(|line| line.starts_with("error:"));
                error.map(str::to_owned)
            };
            assert_eq!(said(&remote), said(&local), "{args:?}");
            assert!(said(&local).is_some(), "{args:?}");
        }
    }
    for format in ["csv", "jsonl", "table"] {
        let args = [
            "query",
            "MATCH (n:Resource) RETURN n.name AS name ORDER BY name",
            "--output",
            format,
        ];
        assert_eq!(
            service.run(&there, &args).expect(0).stdout,
            here.run(&args).expect(0).stdout
        );
    }
    assert!(
        !there.path().join("data").exists(),
        "with --remote nothing is kept on this machine"
    );
}

#[test]
fn artifacts_are_byte_for_byte_those_of_this_machine() {
    leaves_the_same(Service::start());
}

#[test]
fn artifacts_are_byte_for_byte_the_same_through_the_queue() {
    leaves_the_same(Service::queued());
}

fn leaves_the_same(service: Service) {
    let (here, there, service) = both_with(service);
    for home in [&here, &there] {
        let is_remote = std::ptr::eq(home, &there);
        let run = |args: &[&str]| {
            if is_remote {
                service.run(home, args)
            } else {
                home.run(args)
            }
        };
        run(&["export", "--force"]).expect(0);
        run(&["import", "--replace", "graph.jsonl.zst"]).expect(0);
        run(&[
            "query",
            "MATCH (n:Resource) RETURN n.id, n.name, n.type, n.location ORDER BY n.id",
        ])
        .expect(0);
        let jobs = run(&["job", "list", "--output", "json"]).expect(0);
        for operation in ["scan", "export", "import", "query"] {
            let id = job_of(&jobs, operation);
            let directory = format!("out/{operation}");
            run(&["job", "download", &id, "--output-dir", &directory]).expect(0);
        }
    }
    // What a self-test finds is about the machine that it runs on; what it looks at is the same.
    let looked_at = |ran: Ran| -> Vec<(Value, Value)> {
        let checks = ran.expect(0).json()["checks"].as_array().unwrap().clone();
        let own = checks
            .into_iter()
            .filter(|check| !matches!(check["name"].as_str(), Some("service" | "key")));
        own.map(|check| (check["name"].clone(), check["state"].clone()))
            .collect()
    };
    assert_eq!(
        looked_at(service.run(&there, &["doctor", "--output", "json"])),
        looked_at(here.run(&["doctor", "--output", "json"]))
    );
    let files = files_below(&here.work().join("out"));
    assert!(files.len() >= 5, "{files:?}");
    assert_eq!(files_below(&there.work().join("out")), files);
    for file in files {
        let read = |home: &Home| fs::read(home.work().join("out").join(&file)).unwrap();
        let (local, remote) = (read(&here), read(&there));
        if file.ends_with(".json") {
            let without_run = |bytes: &[u8]| {
                let mut value: Value = serde_json::from_slice(bytes).unwrap();
                value.as_object_mut().unwrap().remove("run");
                serde_json::to_string(&value).unwrap()
            };
            assert_eq!(without_run(&remote), without_run(&local), "{file}");
        } else {
            assert!(remote == local, "{file} differs");
        }
    }
}

fn files_below(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(place) = pending.pop() {
        for entry in fs::read_dir(&place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                found.push(path.strip_prefix(directory).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn jobs_of_the_service_are_listed_shown_watched_downloaded_and_deleted() {
    let (_, there, service) = both();
    let jobs = service
        .run(&there, &["job", "list", "--output", "json"])
        .expect(0);
    let id = job_of(&jobs, "scan");
    let shown = service
        .run(&there, &["job", "show", &id, "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(shown["status"], "completed");
    let table = service.run(&there, &["job", "show", &id]).expect(0).stdout;
    assert!(
        table.contains("report.json") && !table.contains("null"),
        "{table}"
    );
    let events = service
        .run(&there, &["job", "watch", &id, "--output", "jsonl"])
        .expect(0)
        .stdout;
    assert!(events.lines().last().unwrap().contains("completed"), "{events}");
    let report = service
        .run(&there, &["job", "download", &id, "--name", "report.json"])
        .expect(0);
    report.json();
    service.run(&there, &["job", "cancel", &id]).expect(0);
    service.run(&there, &["job", "delete", &id]).expect(0);
    service
        .run(&there, &["job", "show", &id])
        .expect_error(4, &[&id, "request id: "]);
    there.run(&["job", "list"]).expect(0);
}

#[test]
fn without_remote_no_service_is_called() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let home = Home::new();
    let source = home.file("tenant.jsonl", &tenant());
    for args in [
        &["scan", "--from", &source, "--tenant-id", TENANT][..],
        &["query", "MATCH (n) RETURN count(*)"],
        &["export", "--force"],
        &["import", "--replace", "graph.jsonl.zst"],
        &["show", "vm-web"],
        &["job", "list"],
        &["doctor"],
        &["graph", "info"],
        &["config", "show"],
    ] {
        let output = home
            .command(args)
            .env(
                "ATG_SERVICE_URL",
                format!("http://{}", listener.local_addr().unwrap()),
            )
            .env("ATG_API_KEY", "atg_dev_x")
            .env("ATG_FALLBACK_TO_LOCAL", "true")
            .output()
            .unwrap();
        Ran::from(output).expect(0);
    }
    let called = listener.accept();
    assert_eq!(called.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn what_only_this_machine_can_do_is_refused() {
    let (home, service) = (Home::new(), Service::start());
    for args in [
        &["graph", "info"][..],
        &["graph", "tenants"],
        &["graph", "vacuum"],
        &["graph", "backup", "copy.db"],
        &["graph", "forget", "--tenant-id", TENANT],
        &["job", "prune"],
    ] {
        service
            .run(&home, args)
            .expect_error(2, &["files of this machine", "--remote=false"]);
    }
    let ran = home
        .command(&["graph", "info", "--remote=false"])
        .env("ATG_REMOTE_MODE", "true")
        .output()
        .unwrap();
    Ran::from(ran).expect(0);
}

#[test]
fn a_service_that_is_away_is_named_and_can_be_stood_in_for() {
    let home = Home::new();
    let source = home.file("tenant.jsonl", &tenant());
    let scan = ["--remote", "scan", "--from", &source, "--tenant-id", TENANT];
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = |args: &[&str], fallback: &str| {
        let output = home
            .command(args)
            .env("ATG_SERVICE_URL", format!("http://{address}"))
            .env("ATG_API_KEY", "atg_dev_x")
            .env("ATG_MAX_RETRIES", "0")
            .env("ATG_FALLBACK_TO_LOCAL", fallback)
            .output()
            .unwrap();
        Ran::from(output)
    };
    run(&scan, "false").expect_error(5, &[&address.to_string(), "cannot be reached"]);
    run(&["--remote", "job", "list"], "true").expect_error(5, &["cannot be reached"]);
    let ran = run(&scan, "true").expect(0);
    assert!(ran.stderr.contains("this machine instead"), "{}", ran.stderr);
    assert_eq!(home.jobs("completed").len(), 1);
    let doctor = run(&["--remote", "doctor", "--output", "json"], "false")
        .expect(5)
        .json();
    assert_eq!(doctor["checks"][0]["name"], "service");
    assert!(
        doctor["checks"][0]["advice"]
            .as_str()
            .unwrap()
            .contains("atg-server")
    );
}

#[test]
fn the_key_comes_from_no_command_line_and_is_shown_nowhere() {
    let (home, service) = (Home::new(), Service::start());
    let list = |configure: &dyn Fn(&mut std::process::Command)| {
        let mut command = home.command(&["job", "list"]);
        configure(&mut command);
        Ran::from(command.output().unwrap())
    };
    let url = service.url();
    let file = home.file("key", &format!("{}\n", service.key));
    // By flags, by variables, by `./.env` and by the configuration file.
    list(&|command| {
        command.args(["--remote", "--service-url", &url, "--api-key-file", &file]);
    })
    .expect(0);
    list(&|command| {
        command
            .env("ATG_REMOTE_MODE", "1")
            .env("ATG_SERVICE_URL", &url)
            .env("ATG_API_KEY", &service.key);
    })
    .expect(0);
    let config = home.file(
        "atg.toml",
        &format!("remote = true\nservice_url = \"{url}\"\napi_key_file = \"key\"\nrequest_timeout = 20\n"),
    );
    list(&|command| {
        command.args(["--config", &config]);
    })
    .expect(0);
    let dotenv = home.file(
        ".env",
        &format!(
            "ATG_REMOTE_MODE=true\nATG_SERVICE_URL={url}\nATG_API_KEY={}\n",
            service.key
        ),
    );
    list(&|_| {}).expect(0);
    let shown = home.run(&["config", "show", "--output", "json"]).expect(0);
    assert_eq!(shown.json()["api_key"]["value"], "********");
    assert_eq!(shown.json()["api_key"]["origin"], ".env:3");
    assert!(!shown.stdout.contains(&service.key));
    // A file that was named now wins over a variable that was set some day.
    let wrong = home.file("wrong", "atg_dev_wrong");
    let ran = list(&|command| {
        command.args(["--api-key-file", &wrong, "--log-level", "trace"]);
    })
    .expect(3);
    assert!(!ran.stderr.contains("atg_dev_wrong"), "{}", ran.stderr);
    let ran = list(&|command| {
        command.args(["--log-level", "trace"]);
    })
    .expect(0);
    assert!(!ran.stderr.contains(&service.key), "a log shows the key");
    fs::remove_file(dotenv).unwrap();
    // What a server of this machine left for its run, in the data directory that both use.
    let left = home
        .path()
        .join("data")
        .join(format!("server-{}.key", service.address.port()));
    fs::create_dir_all(left.parent().unwrap()).unwrap();
    fs::write(left, &service.key).unwrap();
    list(&|command| {
        command.args(["--remote", "--service-url", &url]);
    })
    .expect(0);
}

#[test]
fn settings_that_cannot_work_are_refused_before_any_call() {
    let home = Home::new();
    let run = |variables: &[(&str, &str)]| {
        let mut command = home.command(&["--remote", "job", "list"]);
        command.envs(variables.iter().copied());
        Ran::from(command.output().unwrap())
    };
    run(&[]).expect_error(2, &["no API key", "ATG_API_KEY"]);
    let key = ("ATG_API_KEY", "atg_dev_x");
    run(&[key, ("ATG_SERVICE_URL", "http://atg.example.com")]).expect_error(2, &["plain http"]);
    let ran = run(&[key, ("ATG_SERVICE_URL", "https://me:hunter2@atg.example.com")]).expect(2);
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    run(&[key, ("ATG_MAX_RETRIES", "many")]).expect_error(2, &["max_retries", "ATG_MAX_RETRIES"]);
    run(&[key, ("ATG_REQUEST_TIMEOUT", "0")]).expect_error(2, &["request_timeout"]);
    let mut perhaps = home.command(&["job", "list"]);
    perhaps.env("ATG_REMOTE_MODE", "perhaps");
    Ran::from(perhaps.output().unwrap()).expect_error(2, &["neither true nor false", "ATG_REMOTE_MODE"]);
    run(&[
        key,
        ("ATG_SERVICE_URL", "https://127.0.0.1:1"),
        ("SSL_CERT_FILE", "/nowhere.pem"),
    ])
    .expect_error(4, &["/nowhere.pem"]);
}

#[test]
fn doctor_checks_the_service_too() {
    let (home, service) = (Home::new(), Service::start());
    let checks = service
        .run(&home, &["doctor", "--output", "json"])
        .expect(0)
        .json();
    let names: Vec<_> = checks["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names[..2], ["service", "key"]);
    assert!(names.len() > 2, "the service's own checks follow: {names:?}");
    let output = service
        .command(&home, &["doctor"])
        .env("ATG_API_KEY", "atg_dev_wrong")
        .output()
        .unwrap();
    let ran = Ran::from(output).expect(3);
    assert!(
        ran.stdout.contains("broken") && ran.stdout.contains("ATG_API_KEY"),
        "{}",
        ran.stdout
    );
}
