use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use rp_conformance::serve::{self, Config, Server, listen};
use rp_core::{Algorithm, Profile, Timestamp};

use super::Done;

/// Serves FIDO's transport binding for server tests, on rp-core. For tests only: anyone may register anything.
#[derive(clap::Args)]
pub(crate) struct Serve {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// The origin of the client, if it is not http://localhost with the port of --listen.
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// The RP ID, if it is not the host of the origin.
    #[arg(long, value_name = "RP_ID")]
    rp_id: Option<String>,
    /// The rules that apply: those of WebAuthn Level 3, or those of FIDO's server requirements in addition.
    #[arg(long, default_value = "fido")]
    profile: ProfileName,
    /// The algorithms to offer, by COSE number; by default all except ML-DSA-87.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_name = "NUMBER")]
    algorithms: Vec<i64>,
    /// A folder with metadata statements and entries (*.json) and BLOBs (*.jwt). With it, statements with certificates must
    /// be trusted.
    #[arg(long, value_name = "DIR")]
    metadata: Option<PathBuf>,
    /// The root certificates of the BLOBs, in PEM or DER, instead of the known roots.
    #[arg(long, value_name = "FILE", requires = "metadata")]
    metadata_roots: Option<PathBuf>,
    /// Accept the TPM manufacturer of FIDO's conformance tools, which TCG has not registered.
    #[arg(long)]
    accept_tool_tpm: bool,
}

/// [`Profile`] as a value of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    Webauthn,
    Fido,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Webauthn => Self::Webauthn,
            ProfileName::Fido => Self::Fido,
        }
    }
}

impl Serve {
    pub(crate) fn execute(&self) -> Done {
        let listener = TcpListener::bind(self.listen)
            .map_err(|error| format!("cannot listen on {}: {error}", self.listen))?;
        let port = listener.local_addr()?.port();
        let origin = self.origin.clone().unwrap_or_else(|| format!("http://localhost:{port}"));
        let mut config = Config::at(&origin);
        config.rp_id.clone_from(&self.rp_id);
        config.profile = self.profile.into();
        config.accepts_tool_tpm = self.accept_tool_tpm;
        if !self.algorithms.is_empty() {
            config.algorithms =
                self.algorithms.iter().map(|number| algorithm(*number)).collect::<Result<_, _>>()?;
        }
        if let Some(folder) = &self.metadata {
            let trust = serve::metadata(folder, self.metadata_roots.as_deref(), None, Timestamp::now())?;
            config.trust = Some(Arc::new(trust));
        }
        let server = Server::new(config)?;
        println!(
            "FIDO's server binding at {}, for pages of {origin}; stop with Ctrl+C",
            listener.local_addr()?
        );
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(listen(server, listener))?;
        Ok(true)
    }
}

fn algorithm(number: i64) -> Result<Algorithm, String> {
    let supported = Algorithm::SUPPORTED.iter().copied().find(|algorithm| algorithm.id() == number);
    supported.ok_or_else(|| format!("{number} is not the COSE number of a supported algorithm"))
}
