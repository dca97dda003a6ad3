/// A route of the interface. The application mounts all of them, or those that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// `POST registration/options`
    RegistrationOptions,
    /// `POST registration/verify`
    RegistrationVerify,
    /// `POST authentication/options`
    AuthenticationOptions,
    /// `POST authentication/verify`
    AuthenticationVerify,
    /// `GET credentials`
    Credentials,
    /// `PATCH credentials/{id}`
    RenameCredential,
    /// `DELETE credentials/{id}`
    DeleteCredential,
    /// `GET credentials/signal`
    Signal,
    /// `POST sign-out`
    SignOut,
    /// `GET /.well-known/webauthn`
    WellKnownWebauthn,
    /// `GET /.well-known/passkey-endpoints`
    WellKnownPasskeyEndpoints,
}

impl Route {
    /// Every route.
    pub const ALL: [Self; 11] = [
        Self::RegistrationOptions,
        Self::RegistrationVerify,
        Self::AuthenticationOptions,
        Self::AuthenticationVerify,
        Self::Credentials,
        Self::RenameCredential,
        Self::DeleteCredential,
        Self::Signal,
        Self::SignOut,
        Self::WellKnownWebauthn,
        Self::WellKnownPasskeyEndpoints,
    ];

    /// The prefix, unless the application chooses another.
    pub const PREFIX: &'static str = "/webauthn";

    /// The method.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Credentials | Self::Signal | Self::WellKnownWebauthn | Self::WellKnownPasskeyEndpoints => {
                "GET"
            }
            Self::RenameCredential => "PATCH",
            Self::DeleteCredential => "DELETE",
            Self::RegistrationOptions
            | Self::RegistrationVerify
            | Self::AuthenticationOptions
            | Self::AuthenticationVerify
            | Self::SignOut => "POST",
        }
    }

    /// The path: behind the prefix, or from the root with a slash in front. `{id}` is a parameter.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::RegistrationOptions => "registration/options",
            Self::RegistrationVerify => "registration/verify",
            Self::AuthenticationOptions => "authentication/options",
            Self::AuthenticationVerify => "authentication/verify",
            Self::Credentials => "credentials",
            Self::RenameCredential | Self::DeleteCredential => "credentials/{id}",
            Self::Signal => "credentials/signal",
            Self::SignOut => "sign-out",
            Self::WellKnownWebauthn => "/.well-known/webauthn",
            Self::WellKnownPasskeyEndpoints => "/.well-known/passkey-endpoints",
        }
    }

    /// The whole path, under a prefix such as [`Route::PREFIX`].
    #[must_use]
    pub fn path_under(self, prefix: &str) -> String {
        if self.is_under_prefix() {
            format!("{}/{}", prefix.trim_end_matches('/'), self.path())
        } else {
            self.path().to_owned()
        }
    }

    /// Whether the route stands under the prefix; the others are well-known.
    #[must_use]
    pub const fn is_under_prefix(self) -> bool {
        !matches!(self, Self::WellKnownWebauthn | Self::WellKnownPasskeyEndpoints)
    }

    /// Whether the route reads a body, which is then JSON.
    #[must_use]
    pub const fn reads_body(self) -> bool {
        matches!(
            self,
            Self::RegistrationOptions
                | Self::RegistrationVerify
                | Self::AuthenticationOptions
                | Self::AuthenticationVerify
                | Self::RenameCredential
        )
    }

    /// Whether the answer depends on the session, or may change it.
    #[must_use]
    pub const fn needs_session(self) -> bool {
        self.is_under_prefix()
    }

    /// Whether a request changes state, so that one from another site is refused.
    #[must_use]
    pub(crate) fn changes_state(self) -> bool {
        self.method() != "GET"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stand_under_the_prefix_and_the_well_known_ones_at_the_root() {
        assert_eq!(Route::Signal.path_under("/webauthn"), "/webauthn/credentials/signal");
        assert_eq!(Route::Signal.path_under("/a/b/"), "/a/b/credentials/signal");
        assert_eq!(Route::Signal.path_under(""), "/credentials/signal");
        assert_eq!(Route::WellKnownWebauthn.path_under("/webauthn"), "/.well-known/webauthn");
    }

    #[test]
    fn whatever_is_no_get_changes_state() {
        for route in Route::ALL {
            assert_eq!(
                route.changes_state(),
                matches!(route.method(), "POST" | "PATCH" | "DELETE"),
                "{route:?}"
            );
        }
    }
}
