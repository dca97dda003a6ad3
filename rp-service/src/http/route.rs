/// Declares the routes: name, method, path, and whether there is a body.
macro_rules! routes {
    ($($(#[$doc:meta])* $name:ident = $method:literal $path:literal $body:literal;)*) => {
        /// A route of the interface. An application mounts all routes or only those that it names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Route {
            $($(#[$doc])* $name,)*
        }

        impl Route {
            /// Every route.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The method.
            #[must_use]
            pub const fn method(self) -> &'static str {
                match self { $(Self::$name => $method,)* }
            }

            /// The path: relative to the prefix, or from the root with a slash in front. `{id}` or `{name}` is a parameter.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }

            /// Whether the request has a body: JSON, or for [`Route::Token`] also a form.
            #[must_use]
            pub const fn has_body(self) -> bool {
                match self { $(Self::$name => $body,)* }
            }
        }
    };
}

routes! {
    /// `POST registration/options`
    RegistrationOptions = "POST" "registration/options" true;
    /// `POST registration/verify`
    RegistrationVerify = "POST" "registration/verify" true;
    /// `POST authentication/options`
    AuthenticationOptions = "POST" "authentication/options" true;
    /// `POST authentication/verify`
    AuthenticationVerify = "POST" "authentication/verify" true;
    /// `POST proof/options`
    ProofOptions = "POST" "proof/options" true;
    /// `POST proof/verify`
    ProofVerify = "POST" "proof/verify" true;
    /// `GET session`
    Session = "GET" "session" false;
    /// `POST sign-out`
    SignOut = "POST" "sign-out" false;
    /// `GET sessions`
    Sessions = "GET" "sessions" false;
    /// `DELETE sessions`
    EndOtherSessions = "DELETE" "sessions" false;
    /// `DELETE sessions/{id}`
    EndSession = "DELETE" "sessions/{id}" false;
    /// `GET credentials`
    Credentials = "GET" "credentials" false;
    /// `GET credentials/signal`
    Signal = "GET" "credentials/signal" false;
    /// `PATCH credentials/{id}`
    RenameCredential = "PATCH" "credentials/{id}" true;
    /// `DELETE credentials/{id}`
    DeleteCredential = "DELETE" "credentials/{id}" false;
    /// `PATCH user`
    ChangeUser = "PATCH" "user" true;
    /// `GET factors`
    Factors = "GET" "factors" false;
    /// `POST factors/{name}/enrol`
    EnrolFactor = "POST" "factors/{name}/enrol" true;
    /// `POST factors/{name}/confirm`
    ConfirmFactor = "POST" "factors/{name}/confirm" true;
    /// `POST factors/{name}/options`
    FactorOptions = "POST" "factors/{name}/options" true;
    /// `POST factors/{name}/verify`
    VerifyFactor = "POST" "factors/{name}/verify" true;
    /// `DELETE factors/{name}`
    DeleteFactor = "DELETE" "factors/{name}" false;
    /// `GET authorize`: the page on which the user confirms the sign-in of a command line
    Authorize = "GET" "authorize" false;
    /// `POST authorize`: the confirmation
    ConfirmAuthorization = "POST" "authorize" true;
    /// `POST token`: exchanges the code of a command line for a session
    Token = "POST" "token" true;
    /// `POST telemetry`: reports of browsers
    Telemetry = "POST" "telemetry" true;
    /// `GET passkeys.js`: the browser module ([`BrowserModule`](super::BrowserModule))
    BrowserModule = "GET" "passkeys.js" false;
    /// `GET passkeys.de.js`: its German texts
    GermanTexts = "GET" "passkeys.de.js" false;
    /// `GET telemetry.js`: its reports
    TelemetryModule = "GET" "telemetry.js" false;
    /// `GET /.well-known/webauthn`
    WellKnownWebauthn = "GET" "/.well-known/webauthn" false;
    /// `GET /.well-known/passkey-endpoints`
    WellKnownPasskeyEndpoints = "GET" "/.well-known/passkey-endpoints" false;
}

impl Route {
    /// The default prefix.
    pub const PREFIX: &'static str = "/webauthn";

    /// The complete path under a prefix such as [`Route::PREFIX`].
    #[must_use]
    pub fn path_under(self, prefix: &str) -> String {
        if self.is_under_prefix() {
            format!("{}/{}", prefix.trim_end_matches('/'), self.path())
        } else {
            self.path().to_owned()
        }
    }

    /// Whether the route is under the prefix; the others are well-known.
    #[must_use]
    pub const fn is_under_prefix(self) -> bool {
        !matches!(self, Self::WellKnownWebauthn | Self::WellKnownPasskeyEndpoints)
    }

    /// Whether the session of a request matters.
    pub(crate) const fn has_caller(self) -> bool {
        let is_for_everyone = matches!(
            self,
            Self::ProofOptions
                | Self::ProofVerify
                | Self::Token
                | Self::Telemetry
                | Self::BrowserModule
                | Self::GermanTexts
                | Self::TelemetryModule
        );
        self.is_under_prefix() && !is_for_everyone
    }

    /// Whether a request changes state, so that one from another site is rejected.
    #[must_use]
    pub fn changes_state(self) -> bool {
        self.method() != "GET"
    }
}

/// The routes that an application mounts, and their prefix.
#[derive(Clone, Debug)]
#[must_use]
pub struct Routes {
    prefix: String,
    routes: Vec<Route>,
}

impl Default for Routes {
    /// Every route, under [`Route::PREFIX`].
    fn default() -> Self {
        Self::only(Route::ALL.iter().copied())
    }
}

impl Routes {
    /// Every route, under [`Route::PREFIX`].
    pub fn all() -> Self {
        Self::default()
    }

    /// These routes only, under [`Route::PREFIX`].
    pub fn only(routes: impl IntoIterator<Item = Route>) -> Self {
        let mut wanted = Vec::new();
        for route in routes {
            if !wanted.contains(&route) {
                wanted.push(route);
            }
        }
        Self { prefix: Route::PREFIX.into(), routes: wanted }
    }

    /// Without these routes, for which the application has its own handlers.
    pub fn without(mut self, routes: impl IntoIterator<Item = Route>) -> Self {
        for route in routes {
            self.routes.retain(|other| *other != route);
        }
        self
    }

    /// Under another prefix. Segments such as `{lang}` are parameters of the framework, and match every value.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The complete path of a route.
    #[must_use]
    pub fn path(&self, route: Route) -> String {
        route.path_under(&self.prefix)
    }

    /// Whether a path is under the prefix, so that no cache may keep the response, also that of a handler of the
    /// application.
    #[must_use]
    pub fn is_under_prefix(&self, path: &str) -> bool {
        let prefix = self.prefix.trim_end_matches('/');
        let mut segments = path.split('/');
        let mut is_next = |expected: &str| segments.next().is_some_and(|segment| is_match(expected, segment));
        !prefix.is_empty() && prefix.split('/').all(&mut is_next) && segments.next().is_some()
    }

    /// Each path with its routes. Some frameworks take the first path that matches, so those without a parameter come
    /// first.
    #[must_use]
    pub fn paths(&self) -> Vec<(String, Vec<Route>)> {
        let mut paths: Vec<(String, Vec<Route>)> = Vec::new();
        for &route in &self.routes {
            let path = self.path(route);
            match paths.iter_mut().find(|(other, _)| *other == path) {
                Some((_, routes)) => routes.push(route),
                None => paths.push((path, vec![route])),
            }
        }
        paths.sort_by_key(|(path, _)| path.ends_with('}'));
        paths
    }
}

/// Whether a segment of a path is the expected one, or the value of a parameter.
fn is_match(expected: &str, segment: &str) -> bool {
    segment == expected || (expected.contains('{') && !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_under_the_prefix_and_well_known_ones_at_the_root() {
        assert_eq!(Route::Signal.path_under("/webauthn"), "/webauthn/credentials/signal");
        assert_eq!(Route::Signal.path_under("/a/b/"), "/a/b/credentials/signal");
        assert_eq!(Route::Signal.path_under(""), "/credentials/signal");
        assert_eq!(Route::WellKnownWebauthn.path_under("/webauthn"), "/.well-known/webauthn");
    }

    #[test]
    fn a_path_is_under_the_prefix_segment_by_segment() {
        let is_under = |prefix: &str, path: &str| Routes::all().prefix(prefix).is_under_prefix(path);
        for prefix in ["/a/b", "/a/b/"] {
            assert!(is_under(prefix, "/a/b/") && is_under(prefix, "/a/b/c/d"));
            assert!(
                !is_under(prefix, "/a/b") && !is_under(prefix, "/a/bc/d") && !is_under(prefix, "/c/a/b/d")
            );
        }
        assert!(is_under("/{lang}/b", "/en/b/c") && !is_under("/{lang}/b", "//b/c"));
        assert!(!is_under("", "/a") && !is_under("/", "/a"));
    }

    #[test]
    fn every_method_except_get_changes_state() {
        for route in Route::ALL {
            let is_unsafe = matches!(route.method(), "POST" | "PATCH" | "DELETE");
            assert_eq!(route.changes_state(), is_unsafe, "{route:?}");
        }
    }

    #[test]
    fn a_route_that_is_named_twice_is_mounted_once() {
        let routes = Routes::only([Route::SignOut, Route::SignOut]);
        assert_eq!(routes.paths(), [("/webauthn/sign-out".to_owned(), vec![Route::SignOut])]);
        assert_eq!(routes.without([Route::SignOut]).paths(), []);
    }

    #[test]
    fn routes_of_one_path_are_together_and_parameters_last() {
        let routes = Routes::only([Route::RenameCredential, Route::Signal, Route::DeleteCredential]);
        let expected = [
            ("/a/credentials/signal".to_owned(), vec![Route::Signal]),
            ("/a/credentials/{id}".to_owned(), vec![Route::RenameCredential, Route::DeleteCredential]),
        ];
        assert_eq!(routes.prefix("/a").paths(), expected);
    }
}
