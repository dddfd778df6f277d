//! A proxy that leads every host of Azure here: with it in `HTTPS_PROXY` and the authority's certificate trusted, a
//! client that knows nothing of a simulator believes it speaks to the real one.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{cloud, server::Server};

/// How long the request for a tunnel may be.
const LONGEST: usize = 8192;

/// Reads `CONNECT host:443`, and then speaks TLS as that host. Hosts that are not Azure's are refused: nothing leaves
/// the machine.
pub(crate) async fn tunnel(server: Server, mut stream: tokio::net::TcpStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        // One byte at a time: what follows the empty line belongs to TLS.
        match stream.read_u8().await {
            Ok(byte) if request.len() < LONGEST => request.push(byte),
            _ => return,
        }
    }
    let text = String::from_utf8_lossy(&request);
    let host = text
        .strip_prefix("CONNECT ")
        .and_then(|rest| rest.split(' ').next())
        .and_then(|target| target.rsplit_once(':'))
        .map(|(host, _)| host.to_ascii_lowercase());
    let known = host.as_deref().is_some_and(|host| {
        cloud::part_of(host).is_some() || cloud::vault_of(host).is_some() || host == "localhost"
    });
    let answer: &[u8] = if known {
        b"HTTP/1.1 200 Connection established\r\n\r\n"
    } else {
        b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    };
    if stream.write_all(answer).await.is_ok() && known {
        server.https(stream).await;
    }
}
