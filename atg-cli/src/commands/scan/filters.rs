//! Flags that make up a scan's `filter_config`.

use std::{collections::BTreeMap, fs};

use atg_sdk::{
    Error,
    model::operations::scan::{FilterConfig, FilterSet},
};
use clap::Args;

use crate::exit::FileContext as _;

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Filters")]
pub(super) struct FilterArgs {
    /// Take only resources of this type (`*` allowed); may be repeated
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    include_type: Vec<String>,
    /// Leave out resources of this type (`*` allowed); may be repeated
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    exclude_type: Vec<String>,
    /// Take only this region; may be repeated
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    region: Vec<String>,
    /// Leave out this region; may be repeated
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    exclude_region: Vec<String>,
    /// Take only what has this tag, with this value (`*` allowed); may be repeated
    #[arg(long, value_name = "NAME[=VALUE]")]
    tag: Vec<String>,
    /// Leave out what has this tag, with this value (`*` allowed); may be repeated
    #[arg(long, value_name = "NAME[=VALUE]")]
    exclude_tag: Vec<String>,
    /// Filters as JSON, or a file of it: {"include": {"types", "regions", "tags"}, "exclude": {…}}
    #[arg(long, value_name = "FILE|JSON")]
    filter_config: Option<String>,
}

impl FilterArgs {
    /// All of it as one configuration: what the flags say is added to the file.
    pub(super) fn to_config(&self) -> Result<FilterConfig, Error> {
        let mut config = match &self.filter_config {
            Some(text) => read(text)?,
            None => FilterConfig::default(),
        };
        extend(&mut config.include, &self.include_type, &self.region, &self.tag)?;
        extend(
            &mut config.exclude,
            &self.exclude_type,
            &self.exclude_region,
            &self.exclude_tag,
        )?;
        Ok(config)
    }
}

fn extend(set: &mut FilterSet, types: &[String], regions: &[String], tags: &[String]) -> Result<(), Error> {
    set.types.extend_from_slice(types);
    set.regions.extend_from_slice(regions);
    for tag in tags {
        add_tag(&mut set.tags, tag)?;
    }
    Ok(())
}

/// `env=prod`, or `env` alone for any value. The first `=` separates: a tag's name holds none on this command line.
fn add_tag(tags: &mut BTreeMap<String, String>, text: &str) -> Result<(), Error> {
    let (name, value) = text.split_once('=').unwrap_or((text, "*"));
    if name.is_empty() {
        return Err(Error::invalid(format!(
            "`{}` names no tag: write NAME=VALUE",
            text.escape_debug()
        )));
    }
    match tags.insert(name.to_owned(), value.to_owned()) {
        Some(before) if before != value => Err(Error::invalid(format!(
            "the tag `{}` is to be both `{}` and `{}`: a tag has one value, so use one of them, with `*` where parts \
             may differ",
            name.escape_debug(),
            before.escape_debug(),
            value.escape_debug()
        ))),
        _ => Ok(()),
    }
}

fn read(text: &str) -> Result<FilterConfig, Error> {
    let (text, place) = if text.trim_start().starts_with('{') {
        (text.to_owned(), "--filter-config".to_owned())
    } else {
        (
            fs::read_to_string(text).doing(|| format!("read --filter-config {text}"))?,
            text.to_owned(),
        )
    };
    serde_json::from_str(&text).map_err(|error| Error::invalid(format!("{place} is not a filter: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_added_to_the_configuration() {
        let args = FilterArgs {
            filter_config: Some(r#"{"include": {"types": ["A.B/c"], "tags": {"env": "prod"}}}"#.to_owned()),
            include_type: vec!["D.E/f".to_owned()],
            exclude_region: vec!["westus".to_owned()],
            tag: vec!["team=a=b".to_owned(), "owner".to_owned()],
            ..FilterArgs::default()
        };
        let config = args.to_config().unwrap();
        assert_eq!(config.include.types, ["A.B/c", "D.E/f"]);
        assert_eq!(config.exclude.regions, ["westus"]);
        let tags: Vec<_> = config
            .include
            .tags
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        assert_eq!(tags, [("env", "prod"), ("owner", "*"), ("team", "a=b")]);
    }

    #[test]
    fn contradictions_and_slips_are_refused() {
        let complaint = |args: FilterArgs| args.to_config().unwrap_err().message().to_owned();
        let tag = |tags: &[&str]| FilterArgs {
            tag: tags.iter().map(|t| (*t).to_owned()).collect(),
            ..Default::default()
        };
        assert!(complaint(tag(&["env=a", "env=b"])).contains("both `a` and `b`"));
        assert!(complaint(tag(&["=a"])).contains("names no tag"));
        let config = |text: &str| FilterArgs {
            filter_config: Some(text.to_owned()),
            ..Default::default()
        };
        assert!(complaint(config("{\"includes\": {}}")).contains("unknown field `includes`"));
        assert!(
            complaint(config("/nowhere/at/all.json"))
                .starts_with("read --filter-config /nowhere/at/all.json")
        );
    }
}
