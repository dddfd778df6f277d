//! A running simulator.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{
    Request, Response,
    uri::{Authority, PathAndQuery},
};
use tokio::{sync::watch, task::JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::{
    config::{Config, Lag, Secret},
    control::{self, Change, Outcome, Requests},
    faults::{Applied, Schedule},
    principal::Principal,
    proxy,
    quota::{Quotas, Tally},
    server::{Server, bind},
    service::{self, Sent},
    tenant::{Counts, MadeUp, Want},
    tls,
    web::Call,
    world::{Places, World},
};

/// A running simulator. It ends when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    world: Arc<World>,
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
        let authority =
            tls::Authority::new().map_err(|error| format!("make a certificate authority: {error}"))?;
        let ca_pem = authority.pem();
        let world = tokio::task::spawn_blocking(move || World::new(config, ca_pem))
            .await
            .map_err(|error| format!("make the tenant: {error}"))??;
        let world = Arc::new(world);
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
            _end: sender,
            _listeners: listeners,
        })
    }

    /// The address of one that does not listen.
    pub const IN_PROCESS: &'static str = "https://localhost";

    /// Loads the tenant and does not listen: only [`answer`](Self::answer) asks it. For tests that ask a lot.
    ///
    /// # Errors
    /// A tenant that cannot be read.
    pub fn in_process(config: Config) -> Result<Self, String> {
        let world = World::new(config, String::new())?;
        let place = || Self::IN_PROCESS.to_owned();
        let places = Places {
            https: place(),
            http: place(),
            proxy: place(),
        };
        world.places.set(places).map_err(|_| "start twice".to_owned())?;
        Ok(Self {
            world: Arc::new(world),
            _end: watch::channel(false).0,
            _listeners: JoinSet::new(),
        })
    }

    /// Answers a request to any of Azure's hosts as the listeners do; `None` where they cut the connection.
    pub async fn answer(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        let (head, body) = request.into_parts();
        let scheme = head.uri.scheme_str().unwrap_or("https");
        let authority = head.uri.authority().map_or("localhost", Authority::as_str);
        let target = head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let origin = format!("{scheme}://{authority}");
        let call = Call::new(head.method, origin, target, head.headers, body);
        let Sent::Whole(reply) = service::answer(Arc::clone(&self.world), call).await else {
            return None;
        };
        // The listeners' server says what time it is, and a date to come back at is read by that.
        let now = self.world.now().strftime("%a, %d %b %Y %H:%M:%S GMT");
        let mut answer = Response::builder()
            .status(reply.status)
            .header("date", now.to_string());
        for (name, value) in reply.headers {
            answer = answer.header(name, value);
        }
        answer.body(reply.body).ok()
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
        &self.world.ca_pem
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

    /// Changes the tenant.
    ///
    /// # Errors
    /// The first change that cannot be made; those before it were.
    pub fn change(&self, changes: &[Change]) -> Result<Outcome, String> {
        control::apply(&self.world, changes)
    }

    /// What was asked so far, with the last 10,000 requests one by one.
    #[must_use]
    pub fn requests(&self) -> Requests {
        self.world.log.read(0, usize::MAX)
    }

    /// Forgets what was asked.
    pub fn forget_requests(&self) {
        self.world.log.clear();
    }

    /// What each bucket allowed and refused.
    #[must_use]
    pub fn tallies(&self) -> BTreeMap<String, Tally> {
        self.world.used.tallies()
    }

    /// Puts other quotas in force, all unused.
    pub fn set_quotas(&self, quotas: Quotas) {
        self.world.set_quotas(quotas);
    }

    /// Puts another schedule of faults in force.
    pub fn set_faults(&self, schedule: Schedule) {
        self.world.faults.set(schedule);
    }

    /// How often each rule of the schedule matched and applied.
    #[must_use]
    pub fn faults_applied(&self) -> Vec<Applied> {
        self.world.faults.applied()
    }

    /// Lets lists lag behind.
    pub fn set_lag(&self, lag: Lag) {
        self.world.set_lag(lag);
    }

    /// Adds a principal, or puts it in the place of the one with its client id.
    pub fn put_principal(&self, principal: Principal) {
        self.world.put_principal(principal);
    }

    /// A new version of a secret, in a vault that there is from now on.
    pub fn put_secret(&self, secret: &Secret) {
        let now = self.world.now();
        self.world
            .secrets
            .put(&secret.vault, &secret.name, &secret.value, now);
    }

    /// Revokes all tokens that there are: their next use is answered with a challenge.
    pub fn revoke_tokens(&self) {
        self.world.revoke_tokens();
    }

    /// The ids of all directory objects of a kind, such as `user`, as they are now.
    #[must_use]
    pub fn object_ids(&self, kind: &str) -> Vec<String> {
        let objects = self.world.tenant.objects(kind, None);
        objects.map(|object| object.id.clone()).collect()
    }

    /// The IDs, lower-cased, of the settings that Azure answers although nobody wrote them: a storage account has blob
    /// services by itself. Lists of settings show them; [`resource_ids`](Self::resource_ids) do not have them.
    #[must_use]
    pub fn default_ids(&self) -> Vec<String> {
        let tenant = &self.world.tenant;
        let rows = tenant.rows("", None, &Want::default());
        rows.flat_map(|row| crate::arm::defaults_of(tenant, &row))
            .collect()
    }

    /// The IDs of all ARM rows as they are now, in order; reads all of them.
    #[must_use]
    pub fn resource_ids(&self) -> Vec<String> {
        let rows = self.world.tenant.rows("", None, &Want::default());
        rows.map(|row| row.id.clone()).collect()
    }
}
