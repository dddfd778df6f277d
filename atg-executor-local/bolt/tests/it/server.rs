//! As much of a server as the tests need.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    time::Duration,
};
use tokio_rustls::TlsAcceptor;

/// What it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    Bolt,
    /// Lets a query wait, and says meanwhile that it lives.
    SignsOfLife,
    /// Answers no query.
    Nothing,
    /// Refuses every query.
    Refusals,
    OlderBolt,
    Http,
    Noise,
}

pub(crate) struct Scripted {
    pub(crate) port: u16,
    /// Who signed its certificate, as PEM.
    pub(crate) authority: String,
    connections: Arc<AtomicUsize>,
}

impl Scripted {
    pub(crate) async fn start(speaks: Speaks, encrypted: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (authority, acceptor) = certificate();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let acceptor = encrypted.then(|| acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, speaks).await,
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => serve(stream, speaks).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self {
            port,
            authority,
            connections,
        }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn certificate() -> (String, TlsAcceptor) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    (authority.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// `None` when the other side has gone.
async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, speaks: Speaks) -> Option<()> {
    let mut greeting = [0; 20];
    stream.read_exact(&mut greeting).await.ok()?;
    let answer: &[u8] = match speaks {
        Speaks::Http => b"HTTP/1.1 400 Bad Request\r\n\r\n",
        Speaks::OlderBolt => &[0, 0, 0, 0],
        Speaks::Noise => b"SSH-2.0-x",
        _ => &[0, 0, 4, 5],
    };
    stream.write_all(answer).await.ok()?;
    let mut failed = false;
    loop {
        let kind = message(&mut stream).await?;
        // HELLO, LOGON, RESET, RUN, PULL, BEGIN, COMMIT
        let success: &[u8] = &[0xb1, 0x70, 0xa0];
        let one: &[u8] = &[0xb1, 0x71, 0x91, 0x01];
        match kind {
            0x0f => {
                failed = false;
                say(&mut stream, success).await?;
            }
            _ if failed => say(&mut stream, &[0xb0, 0x7e]).await?,
            0x10 if speaks == Speaks::Refusals => {
                failed = true;
                let code = "Neo.TransientError.Transaction.DeadlockDetected";
                let mut failure = vec![0xb1, 0x7f, 0xa1, 0x84];
                failure.extend(b"code");
                failure.extend([0xd0, u8::try_from(code.len()).unwrap()]);
                failure.extend(code.as_bytes());
                say(&mut stream, &failure).await?;
            }
            0x10 if speaks == Speaks::Nothing => std::future::pending().await,
            0x10 if speaks == Speaks::SignsOfLife => {
                for _ in 0..10 {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    stream.write_all(&[0, 0]).await.ok()?;
                }
                say(&mut stream, success).await?;
            }
            0x3f => {
                say(&mut stream, one).await?;
                say(&mut stream, success).await?;
            }
            _ => say(&mut stream, success).await?,
        }
    }
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), message: &[u8]) -> Option<()> {
    let mut out = u16::try_from(message.len()).unwrap().to_be_bytes().to_vec();
    out.extend(message);
    out.extend([0, 0]);
    stream.write_all(&out).await.ok()
}

/// Reads a message and gives its kind.
async fn message(stream: &mut (impl AsyncRead + Unpin)) -> Option<u8> {
    let mut whole = Vec::new();
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length).await.ok()?;
        let length = usize::from(u16::from_be_bytes(length));
        if length == 0 {
            return whole.get(1).copied();
        }
        let start = whole.len();
        whole.resize(start + length, 0);
        stream.read_exact(&mut whole[start..]).await.ok()?;
    }
}
