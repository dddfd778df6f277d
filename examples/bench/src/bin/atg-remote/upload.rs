//! Sending an input before it is needed.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};

use crate::{Result, programs::Service};

/// Sends a file as an input. Returns how long that took, its digest not counted.
pub(crate) fn send(service: &Service, file: &Path) -> Result<Duration> {
    let digest = digest(file)?;
    let key = fs::read_to_string(&service.key_file)?;
    let mut content = File::open(file)?;
    let length = content.metadata()?.len();
    let began = Instant::now();
    let mut stream = TcpStream::connect(service.server.address())?;
    write!(
        stream,
        "PUT /api/v1/inputs/{digest} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\nconnection: close\r\n\
         content-type: application/octet-stream\r\ncontent-length: {length}\r\n\r\n",
        key.trim()
    )?;
    std::io::copy(&mut content, &mut stream)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 201") {
        return Ok(began.elapsed());
    }
    Err(format!(
        "the upload was answered with {}",
        answer.lines().next().unwrap_or("nothing")
    )
    .into())
}

/// SHA-256 in hexadecimal.
pub(crate) fn digest(file: &Path) -> Result<String> {
    let mut file = File::open(file)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
