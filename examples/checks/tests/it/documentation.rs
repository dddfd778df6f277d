//! Pages that are made from code, and commands that documents promise.

use std::{env, fs};

use crate::{read, root};

const PAGE: &str = "atg-sdk/ENVIRONMENT.md";

/// The page, made of the documented constants in `atg_sdk::env`.
fn page() -> String {
    let mut page = String::from(
        "# Environment variables\n\n\
         Made from `atg_sdk::env`; `ATG_UPDATE_GOLDEN=1 cargo test -p atg-checks` writes it again. Only binaries read these.\n\n\
         | Variable | Meaning | Default |\n|---|---|---|\n",
    );
    for variable in atg_sdk::env::ALL {
        let cell = |text: &str| text.replace('|', "\\|");
        page.push_str(&format!(
            "| `{}` | {} | {} |\n",
            variable.name,
            cell(variable.meaning),
            cell(variable.default)
        ));
    }
    page
}

#[test]
fn the_page_of_environment_variables_is_up_to_date() {
    let page = page();
    assert!(page.contains("`ATG_DATA_DIR`"), "the constants were found");
    if env::var_os("ATG_UPDATE_GOLDEN").is_some() {
        fs::write(root().join(PAGE), &page).expect("the page can be written");
    }
    assert!(
        read(PAGE) == page,
        "run `ATG_UPDATE_GOLDEN=1 cargo test -p atg-checks` and review the difference"
    );
}

#[test]
fn readme_names_the_test_command() {
    assert!(read("README.md").contains("./.ci/test"));
    assert!(read(".ci/run").contains("/test\""));
    assert!(read(".github/workflows/ci.yml").contains(".ci/test"));
}

#[test]
fn readme_links_lead_somewhere() {
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        let text = read(document);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            let local = !file.is_empty() && !link.contains("://");
            assert!(
                !local || root().join(file).exists(),
                "{document} links to {file}, which does not exist"
            );
        }
    }
}
