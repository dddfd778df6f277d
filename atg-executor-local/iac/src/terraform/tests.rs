use std::{collections::BTreeMap, fs, path::Path};

use super::{hcl::tests::terraform, write};
use crate::{
    plan::{Plan, example},
    writer::{Files, Layout, Written},
};

/// Files in memory, by path.
#[derive(Debug, Default)]
pub(crate) struct Memory(pub(crate) BTreeMap<String, String>);

impl Files for Memory {
    fn file(&mut self, path: &str, content: String) -> atg_sdk::Result<()> {
        for part in path.split('/') {
            assert!(
                !part.is_empty()
                    && !part.starts_with('.')
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)),
                "{path}"
            );
        }
        assert!(self.0.insert(path.to_owned(), content).is_none(), "{path} twice");
        Ok(())
    }
}

pub(crate) fn written(plan: &Plan, layout: Layout) -> (Memory, Written) {
    let mut files = Memory::default();
    let written = write(plan, layout, &mut files).unwrap();
    assert_eq!(written.blocks.len(), plan.resources.len());
    for (path, content) in &files.0 {
        let parsed: Result<hcl_edit::structure::Body, _> = content.parse();
        parsed.unwrap_or_else(|error| panic!("{path}: {error}\n{content}"));
    }
    (files, written)
}

/// Lets `terraform fmt` look at files, where there is one.
pub(crate) fn check_format(files: &Memory) {
    let Some(mut command) = terraform() else { return };
    let directory = tempfile::tempdir().unwrap();
    put(files, directory.path());
    let output = command
        .args(["fmt", "-check", "-diff", "-recursive"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

pub(crate) fn put(files: &Memory, directory: &Path) {
    for (path, content) in &files.0 {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

const LAYOUTS: [Layout; 3] = [Layout::Single, Layout::PerResourceGroup, Layout::Modules];

#[test]
fn the_example_is_written_in_every_layout_and_terraform_finds_nothing_to_format() {
    for layout in LAYOUTS {
        let (files, _) = written(&example::plan(), layout);
        check_format(&files);
    }
}
