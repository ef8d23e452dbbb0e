//! The cheapest HTTP client that will do, so that what is measured is the server.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use finbridge_bench::Failure;

/// One connection that is kept open.
pub struct Client {
    stream: TcpStream,
    head: String,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects; `head` is sent with every request, lines ending in CR LF.
    pub async fn connect(address: &str, head: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, head: format!("Host: {address}\r\n{head}"), buffer: Vec::new() })
    }

    /// Sends a request and reads the whole answer. Errors: a status above 299, a broken connection.
    pub async fn call(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
    ) -> Result<(Duration, String), Failure> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.head,
            body.len()
        );
        let started = Instant::now();
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let (mut whole, mut body_at) = (usize::MAX, 0);
        while self.buffer.len() < whole {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the connection was closed".into());
            }
            if whole == usize::MAX
                && let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n")
            {
                body_at = end + 4;
                whole = body_at + length(std::str::from_utf8(&self.buffer[..end])?)?;
            }
        }
        let took = started.elapsed();
        let text = String::from_utf8_lossy(&self.buffer);
        if !text.starts_with("HTTP/1.1 2") {
            return Err(format!("{method} {path}: {}", text.lines().next().unwrap_or_default()).into());
        }
        Ok((took, String::from_utf8_lossy(&self.buffer[body_at..]).into_owned()))
    }
}

fn length(head: &str) -> Result<usize, Failure> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let named = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    Ok(named.map(|(_, value)| value.trim().parse()).next().ok_or("an answer without its length")??)
}
