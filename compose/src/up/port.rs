//! Addresses that are held as long as the launcher runs, whatever becomes of the parts behind them.

use anyhow::{Context, Result};
use std::net::{SocketAddr, TcpListener as Held};
use tokio::net::TcpListener;

/// An open port. A part that is started again finds it still open, and so do its clients.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) address: SocketAddr,
    held: Held,
}

impl Port {
    /// People know the page's address: another one would not do.
    pub(super) fn of_the_page(address: SocketAddr) -> Result<Self> {
        Self::at(address).with_context(|| {
            format!("can't serve the page on {address}\nhint: stop what uses that port (comptoir doctor tells), or choose another with --port")
        })
    }

    /// The configured port, or a free one where that is taken, as by a second launcher.
    pub(super) fn near(address: SocketAddr) -> Result<Self> {
        let free = SocketAddr::new(address.ip(), 0);
        Self::at(address)
            .or_else(|_| Self::at(free))
            .with_context(|| format!("there is no free port on {}", address.ip()))
    }

    fn at(address: SocketAddr) -> std::io::Result<Self> {
        let held = Held::bind(address)?;
        held.set_nonblocking(true)?;
        let address = held.local_addr()?;
        Ok(Self { address, held })
    }

    pub(super) fn listener(&self) -> Result<TcpListener> {
        let listener = self.held.try_clone().and_then(TcpListener::from_std);
        listener.with_context(|| format!("can't listen on {}", self.address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_given_up_for_a_free_one() {
        let first = Port::near("127.0.0.1:0".parse().unwrap()).unwrap();
        let second = Port::near(first.address).unwrap();
        assert_ne!(first.address.port(), second.address.port());
        let error = Port::of_the_page(first.address).unwrap_err();
        assert!(error.to_string().contains("--port"), "{error}");
    }

    #[tokio::test]
    async fn stays_open_while_nobody_listens() {
        let port = Port::near("127.0.0.1:0".parse().unwrap()).unwrap();
        drop(port.listener().unwrap());
        let _waiting = tokio::net::TcpStream::connect(port.address).await.unwrap();
        port.listener().unwrap().accept().await.unwrap();
    }
}
