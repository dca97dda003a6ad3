use std::cell::Cell;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use rp_conformance::http::{HttpRequest, Site, UserAgent};

use crate::built;
use crate::folder::Folder;
use crate::network::send;
use crate::process::{Process, number_after};
use crate::skip::skip;

/// The number of nodes of a cluster.
pub(crate) const NODES: usize = 2;

/// The adapter of both nodes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Axum,
    Actix,
}

impl Kind {
    pub(crate) const BOTH: [Self; 2] = [Self::Axum, Self::Actix];

    /// The example's binary, built once.
    fn binary(self) -> PathBuf {
        static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
            built::build(&["--example", "passkeys", "--example", "passkeys-actix"]).join("examples")
        });
        BUILT.join(built::executable(match self {
            Self::Axum => "passkeys",
            Self::Actix => "passkeys-actix",
        }))
    }
}

/// Nodes of one site, as behind a proxy: they have the same origin, secret, database and Redis server.
pub(crate) struct Cluster {
    kind: Kind,
    origin: String,
    ports: [u16; NODES],
    nodes: [Option<Process>; NODES],
    /// The port to which the proxy sends the next request of a browser.
    target: Rc<Cell<u16>>,
    folder: Folder,
    postgres: String,
    redis: String,
    /// One cluster runs at a time: a test may restart the servers.
    _turn: MutexGuard<'static, ()>,
}

impl Cluster {
    /// Starts the nodes; `None` without the servers, which prints a message.
    pub(crate) fn start(kind: Kind) -> Option<Self> {
        let (Ok(postgres), Ok(redis)) = (std::env::var("RP_POSTGRES"), std::env::var("RP_REDIS")) else {
            assert!(std::env::var_os("CI").is_none(), "RP_POSTGRES or RP_REDIS is missing");
            skip("RP_POSTGRES and RP_REDIS are not both set");
            return None;
        };
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let ports = [(); NODES].map(|()| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        });
        let mut cluster = Self {
            kind,
            origin: "http://localhost:8443".to_owned(),
            ports,
            nodes: [const { None }; NODES],
            target: Rc::new(Cell::new(ports[0])),
            folder: Folder::new("nodes"),
            postgres,
            redis,
            _turn: turn,
        };
        for node in 0..NODES {
            cluster.restart(node);
        }
        Some(cluster)
    }

    /// Starts a node, on the port that it had.
    pub(crate) fn restart(&mut self, node: usize) {
        let mut command = Command::new(self.kind.binary());
        command
            .args(["--listen", &format!("127.0.0.1:{}", self.ports[node]), "--origin", &self.origin])
            .args(["--database", &self.postgres, "--ceremonies", &self.redis, "--secret"])
            .arg(self.folder.path().join("secret"))
            .env_remove("RUST_LOG");
        let process = Process::start(&mut command);
        process.wait_for(|line| number_after(line, "http://localhost:")).expect("the node ended");
        self.nodes[node] = Some(process);
    }

    /// Kills a node (`SIGKILL`).
    pub(crate) fn kill(&mut self, node: usize) {
        self.nodes[node] = None;
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The address of a node.
    pub(crate) fn server(&self, node: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[node])
    }

    /// Sends the next requests of browsers to a node.
    pub(crate) fn point_to(&self, node: usize) {
        self.target.set(self.ports[node]);
    }

    /// A browser with an authenticator of its own.
    pub(crate) fn browser(&self, seed: &str) -> UserAgent {
        let target = Rc::clone(&self.target);
        let site = Site::new(move |request: HttpRequest| {
            std::future::ready(send(&format!("http://127.0.0.1:{}", target.get()), &request))
        });
        UserAgent::new(&site, &self.origin, seed)
    }
}

/// A name that no other run has used: the database stays.
pub(crate) fn unique(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = UNIX_EPOCH.elapsed().unwrap().as_nanos();
    format!("{name}-{now}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
