//! A running simulator.

use std::{net::SocketAddr, sync::Arc};

use tokio::{sync::watch, task::JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::{
    config::Config,
    proxy,
    server::{Server, bind},
    tenant::{Counts, MadeUp, Want},
    tls::Authority,
    world::{Places, World},
};

/// A running simulator. It ends when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    world: Arc<World>,
    ca_pem: String,
    /// Whoever listens ends when this is dropped.
    _end: watch::Sender<bool>,
    _listeners: JoinSet<()>,
}

impl Simulator {
    /// Loads the tenant and listens.
    ///
    /// # Errors
    /// A tenant that cannot be read, a port that is taken.
    pub async fn start(config: Config) -> Result<Self, String> {
        let (address, ports) = (
            config.address,
            [config.https_port, config.http_port, config.proxy_port],
        );
        let world = tokio::task::spawn_blocking(move || World::new(config))
            .await
            .map_err(|error| format!("make the tenant: {error}"))??;
        let world = Arc::new(world);
        let authority = Authority::new().map_err(|error| format!("make a certificate authority: {error}"))?;
        let ca_pem = authority.pem();
        let tls = Arc::new(authority)
            .server_config()
            .map_err(|error| format!("set up TLS: {error}"))?;
        let (sender, end) = watch::channel(false);
        let server = Server {
            world: Arc::clone(&world),
            tls: TlsAcceptor::from(Arc::new(tls)),
            end,
        };
        let listen = async |port: u16| {
            let address = SocketAddr::new(address, port);
            bind(address)
                .await
                .map_err(|error| format!("listen at {address}: {error}"))
        };
        let (https, https_at) = listen(ports[0]).await?;
        let (http, http_at) = listen(ports[1]).await?;
        let (tunnels, proxy_at) = listen(ports[2]).await?;
        // `localhost` rather than the address: certificates and clients agree about it more often.
        let place = |scheme: &str, at: SocketAddr| {
            if at.ip().is_loopback() || at.ip().is_unspecified() {
                format!("{scheme}://localhost:{}", at.port())
            } else {
                format!("{scheme}://{at}")
            }
        };
        let places = Places {
            https: place("https", https_at),
            http: format!("http://{http_at}"),
            proxy: format!("http://{proxy_at}"),
        };
        world.places.set(places).map_err(|_| "start twice".to_owned())?;
        let mut listeners = JoinSet::new();
        listeners.spawn(server.clone().accept(https, Server::https));
        listeners.spawn(
            server
                .clone()
                .accept(http, |server, stream| server.http(stream, "http")),
        );
        listeners.spawn(server.accept(tunnels, proxy::tunnel));
        Ok(Self {
            world,
            ca_pem,
            _end: sender,
            _listeners: listeners,
        })
    }

    /// `https://localhost:PORT`: Resource Manager, Microsoft Graph and the login endpoints.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.world.places.get().map_or("", |places| &places.https)
    }

    /// `http://127.0.0.1:PORT`: the same, and IMDS, without TLS.
    #[must_use]
    pub fn http_origin(&self) -> &str {
        self.world.places.get().map_or("", |places| &places.http)
    }

    /// `http://127.0.0.1:PORT`: a proxy for `HTTPS_PROXY` that leads Azure's own hosts here.
    #[must_use]
    pub fn proxy(&self) -> &str {
        self.world.places.get().map_or("", |places| &places.proxy)
    }

    /// The certificate of the authority that signs what the https listener shows, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The tenant's id.
    #[must_use]
    pub fn tenant_id(&self) -> &str {
        &self.world.tenant.id
    }

    /// What was made up since the data lacks it.
    #[must_use]
    pub fn made_up(&self) -> &MadeUp {
        &self.world.tenant.made_up
    }

    /// Counts the tenant's rows as they are now; reads all of them.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.world.tenant.count()
    }

    /// The IDs of all ARM rows as they are now, in order; reads all of them.
    #[must_use]
    pub fn resource_ids(&self) -> Vec<String> {
        let rows = self.world.tenant.rows("", None, &Want::default());
        rows.map(|row| row.id.clone()).collect()
    }
}
