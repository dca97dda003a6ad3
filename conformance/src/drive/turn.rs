//! A ceremony to play, and the server that it needs.

use super::models::Model;
use crate::authenticator::{Config, Fault, Format, Quirk, Setting};
use crate::matrix::scenario::Scenario;

/// A ceremony with a device of a model.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) scenario: Scenario,
    pub(super) model: Model,
    /// The model of the device that is accepted before.
    pub(super) twin: Model,
    /// Whether the server must know the models.
    pub(super) needs_metadata: bool,
    /// Whether the server must require that statements are trusted.
    pub(super) needs_trust: bool,
    /// Whether the device has the certificates of the certified model, whatever its own model is.
    pub(super) is_of_certified_vendor: bool,
}

impl Turn {
    pub(super) fn new(scenario: Scenario) -> Self {
        let reason = scenario.fault.map(Fault::expected_code);
        let needs_trust =
            matches!(reason, Some(rp_core::Code::AttestationUntrusted | rp_core::Code::CertificateExpired));
        Self {
            scenario,
            model: Model::Certified,
            twin: Model::Certified,
            needs_metadata: false,
            needs_trust,
            is_of_certified_vendor: false,
        }
    }

    /// The same ceremony without what is wrong.
    pub(super) fn twin(&self) -> Self {
        let scenario = Scenario { fault: None, quirk: None, ..self.scenario.clone() };
        Self { scenario, model: self.twin, ..self.clone() }
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        self.scenario.fault
    }

    pub(super) fn quirk(&self) -> Option<Quirk> {
        self.scenario.quirk
    }

    pub(super) fn format(&self) -> Format {
        self.scenario.format
    }

    pub(super) fn setting(&self) -> Setting {
        self.scenario.fault.map_or(Setting::Defaults, Fault::setting)
    }

    /// The configuration of the device, without the fault and the quirk.
    pub(super) fn config(&self) -> Config {
        Config {
            format: self.scenario.format,
            algorithms: vec![self.scenario.algorithm],
            now: rp_core::Timestamp::now(),
            ..self.scenario.config.clone()
        }
    }
}
