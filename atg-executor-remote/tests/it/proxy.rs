//! Something between the client and the service that cuts connections.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Forwards connections, and cuts each after so many bytes of answers.
#[derive(Debug)]
pub(crate) struct Cutting {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Cutting {
    pub(crate) async fn before(service: SocketAddr, after: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(forward(client, service, after));
            }
        });
        Self { address, connections }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

async fn forward(client: TcpStream, service: SocketAddr, mut left: usize) {
    let Ok(service) = TcpStream::connect(service).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_service, mut to_service) = service.into_split();
    let up = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_service).await });
    let mut buffer = vec![0; 16 * 1024];
    while left > 0 {
        let most = left.min(buffer.len());
        match from_service.read(&mut buffer[..most]).await {
            Ok(count) if count > 0 && to_client.write_all(&buffer[..count]).await.is_ok() => left -= count,
            _ => break,
        }
    }
    up.abort();
}
