//! The Azure CLI.

use std::sync::Arc;

use async_trait::async_trait;
use atg_sdk::ErrorKind;

use super::{Tool, Tools, check};
use crate::{
    clock::Clock,
    credential::{AccessToken, AuthMethod, Credential, CredentialError, TokenRequest, answer},
};

const AZ: Tool = Tool {
    name: "az",
    title: "the Azure CLI",
    programs: if cfg!(windows) {
        &["az.cmd", "az.exe"]
    } else {
        &["az"]
    },
    sign_in: "az login",
    signs_of_nobody: &["az login", "az account set"],
};

/// Takes tokens of whoever is signed in to the Azure CLI.
#[derive(Debug)]
pub struct AzureCli {
    tools: Tools,
    tenant: Option<String>,
    clock: Arc<dyn Clock>,
}

impl AzureCli {
    /// Whoever is signed in, in that tenant where one is named.
    #[must_use]
    pub fn new(tools: Tools, tenant: Option<String>, clock: Arc<dyn Clock>) -> Self {
        Self { tools, tenant, clock }
    }
}

#[async_trait]
impl Credential for AzureCli {
    fn method(&self) -> AuthMethod {
        AuthMethod::Az
    }

    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, CredentialError> {
        let request = TokenRequest {
            tenant: request.tenant.clone().or_else(|| self.tenant.clone()),
            ..request.clone()
        };
        check(&request)?;
        if request.claims.is_some() {
            // It keeps its tokens itself and cannot be asked for one with claims.
            return Err(CredentialError::failed(
                ErrorKind::Unauthenticated,
                "get a token that Azure takes from az: it asks for a new sign-in: run `az logout` and `az login`",
            ));
        }
        let mut arguments = vec![
            "account",
            "get-access-token",
            "--output",
            "json",
            "--scope",
            &request.scope,
        ];
        if let Some(tenant) = &request.tenant {
            arguments.extend(["--tenant", tenant]);
        }
        let output = self.tools.run(&AZ, &arguments).await?;
        Ok(answer::read(&output, self.clock.now())?)
    }
}
