//! The Azure Developer CLI.

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{Tool, Tools, check};
use crate::{
    clock::Clock,
    credential::{AccessToken, AuthMethod, Credential, CredentialError, TokenRequest, answer},
};

const AZD: Tool = Tool {
    name: "azd",
    title: "the Azure Developer CLI",
    programs: if cfg!(windows) { &["azd.exe"] } else { &["azd"] },
    sign_in: "azd auth login",
    signs_of_nobody: &["azd auth login", "not logged in"],
};

/// Takes tokens of whoever is signed in to the Azure Developer CLI.
#[derive(Debug)]
pub struct AzureDeveloperCli {
    tools: Tools,
    tenant: Option<String>,
    clock: Arc<dyn Clock>,
}

impl AzureDeveloperCli {
    /// Whoever is signed in, in that tenant where one is named.
    #[must_use]
    pub fn new(tools: Tools, tenant: Option<String>, clock: Arc<dyn Clock>) -> Self {
        Self { tools, tenant, clock }
    }
}

#[async_trait]
impl Credential for AzureDeveloperCli {
    fn method(&self) -> AuthMethod {
        AuthMethod::Azd
    }

    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, CredentialError> {
        let request = TokenRequest {
            tenant: request.tenant.clone().or_else(|| self.tenant.clone()),
            ..request.clone()
        };
        check(&request)?;
        let claims = request
            .claims
            .as_ref()
            .map(|claims| BASE64_STANDARD.encode(claims));
        let mut arguments = vec![
            "auth",
            "token",
            "--output",
            "json",
            "--no-prompt",
            "--scope",
            &request.scope,
        ];
        if let Some(tenant) = &request.tenant {
            arguments.extend(["--tenant-id", tenant]);
        }
        if let Some(claims) = &claims {
            arguments.extend(["--claims", claims]);
        }
        let output = self.tools.run(&AZD, &arguments).await?;
        Ok(answer::read(&output, self.clock.now())?)
    }
}
