//! Which inputs are there, whose they are, and until when.

use atg_sdk::{Input, InputDigest, Owner, Result};

use super::{Shared, row::unexpected, script, store::read};
use crate::queue::refusal::{input_quota, no_input};

impl Shared {
    pub(super) async fn put_input(&self, owner: &Owner, input: &Input, location: &str) -> Result<String> {
        let mut command = self.link.command(&script::PUT_INPUT);
        command
            .arg(owner.as_str())
            .arg(input.sha256.as_str())
            .arg(input.size_bytes)
            .arg(location)
            .arg(self.policy.input_quota);
        let (what, detail): (String, String) = read(self.link.ask("note an input", &command).await?)?;
        match what.as_str() {
            "at" => Ok(detail),
            _ => {
                let used = detail.parse().unwrap_or_default();
                Err(input_quota(input.size_bytes, used, self.policy.input_quota))
            }
        }
    }

    pub(super) async fn find_input(&self, owner: &Owner, digest: InputDigest) -> Result<(Input, String)> {
        let mut command = self.link.command(&script::FIND_INPUT);
        command.arg(owner.as_str()).arg(digest.as_str());
        let found: String = read(self.link.ask("find an input", &command).await?)?;
        if found.is_empty() {
            return Err(no_input(&digest));
        }
        let (size, location) = found.split_once(' ').ok_or_else(unexpected)?;
        let input = Input {
            sha256: digest,
            size_bytes: size.parse().map_err(|_| unexpected())?,
        };
        Ok((input, location.to_owned()))
    }
}
