//! What a remote executor must know.

use std::time::Duration;

use secrecy::SecretString;

/// Where the service is, who is calling, and how long to try. Made by whoever reads the configuration.
#[derive(Debug, Clone)]
pub struct RemoteOptions {
    pub(crate) base_url: String,
    pub(crate) api_key: SecretString,
    pub(crate) request_timeout: Duration,
    pub(crate) poll_interval: Duration,
    pub(crate) max_wait: Option<Duration>,
    pub(crate) max_retries: u32,
    pub(crate) retry_delay: Duration,
    pub(crate) event_silence: Duration,
    pub(crate) reconnect_for: Duration,
    pub(crate) extra_ca: Option<Vec<u8>>,
}

impl RemoteOptions {
    /// The service of that address, called with that key; everything else as documented.
    pub fn new(base_url: impl Into<String>, api_key: SecretString) -> Self {
        Self {
            base_url: base_url.into(),
            api_key,
            request_timeout: Duration::from_secs(300),
            poll_interval: Duration::from_secs(5),
            max_wait: None,
            max_retries: 3,
            retry_delay: Duration::from_millis(500),
            event_silence: Duration::from_secs(45),
            reconnect_for: Duration::from_secs(120),
            extra_ca: None,
        }
    }

    /// How long a call may take to be answered, and an upload or a download may stand still. 300 s unless told.
    #[must_use]
    pub const fn with_request_timeout(mut self, limit: Duration) -> Self {
        self.request_timeout = limit;
        self
    }

    /// How often a job is asked for where its events cannot be streamed. 5 s unless told.
    #[must_use]
    pub const fn with_poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval;
        self
    }

    /// How long a job is watched before the watch gives up with `Timeout`; the job goes on. For ever unless told.
    #[must_use]
    pub const fn with_max_wait(mut self, limit: Option<Duration>) -> Self {
        self.max_wait = limit;
        self
    }

    /// How often a call is sent again after a failure that may pass. 3 unless told.
    #[must_use]
    pub const fn with_max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// The wait before the first repetition, doubled for each further one up to 30 s. 0.5 s unless told.
    #[must_use]
    pub const fn with_retry_delay(mut self, delay: Duration) -> Self {
        self.retry_delay = delay;
        self
    }

    /// How long an event stream may say nothing, not even that it lives, before it counts as held back. A service sends
    /// a sign of life every 15 s. 45 s unless told.
    #[must_use]
    pub const fn with_event_silence(mut self, limit: Duration) -> Self {
        self.event_silence = limit;
        self
    }

    /// How long a watch that was cut off tries to come back, so that it survives a restart of the service. 120 s unless
    /// told.
    #[must_use]
    pub const fn with_reconnect_for(mut self, limit: Duration) -> Self {
        self.reconnect_for = limit;
        self
    }

    /// Certificate authorities to trust beside the system's: PEM, what `SSL_CERT_FILE` names.
    #[must_use]
    pub fn with_extra_ca(mut self, pem: Vec<u8>) -> Self {
        self.extra_ca = Some(pem);
        self
    }
}
