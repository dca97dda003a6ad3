use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A network between a store and the server, which can be interrupted.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    state: watch::Sender<Network>,
}

/// The state of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    /// Bytes arrive.
    Up,
    /// Connections are open, and no byte arrives.
    Silent,
    /// Connections are closed.
    Closed,
}

impl Proxy {
    /// A network to the server at this address.
    pub(crate) async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (state, watched) = watch::channel(Network::Up);
        tokio::spawn(async move {
            let (server, mut connections) = (Arc::new(server), JoinSet::new());
            loop {
                let (client, _) = listener.accept().await.unwrap();
                connections.spawn(relay(client, Arc::clone(&server), watched.clone()));
            }
        });
        Self { port, state }
    }

    pub(crate) fn set(&self, state: Network) {
        self.state.send_replace(state);
    }
}

/// Relays bytes as long as the network is up.
async fn relay(mut client: TcpStream, server: Arc<String>, mut state: watch::Receiver<Network>) {
    if state.wait_for(|state| *state != Network::Silent).await.is_ok_and(|state| *state == Network::Closed) {
        return;
    }
    let mut server = TcpStream::connect(server.as_str()).await.unwrap();
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => return,
        _ = state.wait_for(|state| *state != Network::Up) => {}
    }
    // Data in transit is lost: the connection never works again
    let _ = state.wait_for(|state| *state == Network::Closed).await;
}
