//! Whether one broker answers, asked directly: metadata comes from any of them.

use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// `ApiVersions`, version 0, which every broker answers before anybody logs in; without a client id.
const CORRELATION: [u8; 4] = *b"ping";
const API_VERSIONS: [u8; 14] = {
    let [a, b, c, d] = CORRELATION;
    // Length, the key 18, version 0, the correlation id, a null string.
    [0, 0, 0, 10, 0, 18, 0, 0, a, b, c, d, 0xff, 0xff]
};

/// How to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Kafka's protocol is spoken in the clear: a broker that hangs is found out.
    Protocol,
    /// Behind TLS: that it takes a connection has to do.
    Connection,
}

/// Completes once the broker has answered; an error of kind `TimedOut` after `limit`.
pub(crate) async fn ping(address: &str, depth: Depth, limit: Duration) -> io::Result<()> {
    let asking = async {
        let mut stream = TcpStream::connect(address).await?;
        if depth == Depth::Connection {
            return Ok(());
        }
        stream.write_all(&API_VERSIONS).await?;
        let mut head = [0; 8];
        stream.read_exact(&mut head).await?;
        if head[4..] == CORRELATION {
            Ok(())
        } else {
            Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it does not speak Kafka's protocol",
            ))
        }
    };
    (tokio::time::timeout(limit, asking).await).unwrap_or_else(|_| {
        let seconds = limit.as_secs_f32();
        let message = format!("no answer within {seconds} s");
        Err(io::Error::new(io::ErrorKind::TimedOut, message))
    })
}
