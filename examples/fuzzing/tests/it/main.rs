//! The corpus means what it says: otherwise fuzzing would try nothing.

use std::{fs, path::PathBuf};

use atg_fuzzing::{TARGETS, first_status};

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let place = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    let files = fs::read_dir(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    files
        .map(|file| file.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect()
}

/// Each request is named after the status that it is answered with.
#[test]
fn every_request_of_the_corpus_reaches_what_it_is_for() {
    let requests = corpus("requests");
    assert!(requests.len() > 30);
    let wrong: Vec<_> = requests
        .iter()
        .map(|(name, request)| (name, first_status(request)))
        .filter(|(name, status)| *status != name[..3].parse().ok())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_target_bears_its_corpus() {
    for target in TARGETS {
        for (_, input) in corpus(target.name) {
            (target.run)(&input);
        }
    }
}
