//! A connection that breaks in the middle, once.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use crate::Result;

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    broken: Arc<AtomicBool>,
}

impl Proxy {
    /// Passes everything on to that server, and breaks the connection on which so many bytes have gone one way. Lives as
    /// long as the process.
    pub(crate) fn start(to: SocketAddr, after: u64) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let broken = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&broken);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Ok(server) = TcpStream::connect(to) {
                    let _ = pass(&client, &server, after, &flag);
                }
            }
        });
        Ok(Self { address, broken })
    }

    /// Whether it has happened.
    pub(crate) fn broke(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }
}

/// Passes both ways, each on a thread of its own.
fn pass(client: &TcpStream, server: &TcpStream, after: u64, broken: &Arc<AtomicBool>) -> Result<()> {
    for (from, to) in [(client, server), (server, client)] {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        let broken = Arc::clone(broken);
        let passed = AtomicU64::new(0);
        thread::spawn(move || {
            let mut buffer = vec![0; 256 << 10];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                if to.write_all(&buffer[..count]).is_err() {
                    break;
                }
                let passed = passed.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
                if passed >= after && !broken.swap(true, Ordering::Relaxed) {
                    break;
                }
            }
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
    Ok(())
}
