//! Something between a process and its Redis that loses answers and cuts connections.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Forwards connections.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    losing: Arc<AtomicBool>,
    cuts: watch::Sender<()>,
}

impl Proxy {
    pub(crate) async fn start(to: u16) -> Self {
        Self::start_at("127.0.0.1", to).await
    }

    pub(crate) async fn start_at(host: &str, to: u16) -> Self {
        let listener = TcpListener::bind((host, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let losing = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&losing);
        let cuts = watch::Sender::new(());
        let cut = cuts.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut cut = cut.subscribe();
                let forwarding = forward(client, to, Arc::clone(&shared));
                tokio::spawn(async move {
                    tokio::select! {
                        () = forwarding => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { port, losing, cuts }
    }

    /// Cuts all connections that there are.
    pub(crate) fn cut(&self) {
        self.cuts.send_replace(());
    }

    /// The next call of a script arrives and is carried out; its answer and the connection are lost.
    pub(crate) fn lose_next_answer(&self) {
        self.losing.store(true, Ordering::SeqCst);
    }
}

async fn forward(mut client: TcpStream, to: u16, losing: Arc<AtomicBool>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", to)).await else {
        return;
    };
    let (mut asked, mut answered) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let mut lost = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(count @ 1..) = read else { return };
                let chunk = &asked[..count];
                let script = chunk.windows(7).any(|word| word == b"EVALSHA");
                lost = script && losing.swap(false, Ordering::SeqCst);
                if server.write_all(chunk).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(count @ 1..) = read else { return };
                if lost || client.write_all(&answered[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}
