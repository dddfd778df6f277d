//! HTTP/1.1 from the client's side, as little as it takes: the load shares the machine with what it loads.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back. Its body lies in the connection until the next call.
pub(crate) struct Answer<'c> {
    pub(crate) status: u16,
    pub(crate) body: &'c [u8],
}

impl Connection {
    /// Connects from one of several loopback addresses: each has its own ports, and its own budget of calls.
    pub(crate) async fn open(to: SocketAddr, number: usize) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        let last = u8::try_from(number % SOURCES).unwrap_or_default() + 1;
        socket.bind(SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, last), 0).into())?;
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(4096),
        })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn call(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        let head = self.begin(request).await?;
        let end = head.end + head.length;
        while self.buffer.len() < end {
            self.fill().await?;
        }
        Ok(Answer {
            status: head.status,
            body: &self.buffer[head.end..end],
        })
    }

    /// Sends a request, and reads until its answer's head is complete.
    pub(crate) async fn begin(&mut self, request: &[u8]) -> io::Result<Head> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        loop {
            self.fill().await?;
            if let Some(head) = Head::read(&self.buffer)? {
                return Ok(head);
            }
        }
    }

    /// Reads what else comes until that text has.
    pub(crate) async fn until(&mut self, text: &[u8]) -> io::Result<()> {
        while !self.buffer.windows(text.len()).any(|window| window == text) {
            self.fill().await?;
        }
        // Thousands of these are open at once.
        self.buffer = Vec::new();
        Ok(())
    }

    async fn fill(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// Loopback addresses to come from.
pub(crate) const SOURCES: usize = 8;

/// What an answer begins with.
pub(crate) struct Head {
    pub(crate) status: u16,
    end: usize,
    length: usize,
}

impl Head {
    fn read(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(None);
        };
        let strange = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "the answer is not what HTTP/1.1 looks like",
            )
        };
        let text = std::str::from_utf8(&bytes[..end]).map_err(|_| strange())?;
        let status = text
            .get(9..12)
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(strange)?;
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        Ok(Some(Self {
            status,
            end: end + 4,
            length: length.and_then(|digits| digits.parse().ok()).unwrap_or_default(),
        }))
    }
}
