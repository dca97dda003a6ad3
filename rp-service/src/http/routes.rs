use super::Route;

/// Which routes an application mounts, and where. Nothing is mounted that was not asked for.
#[derive(Clone, Debug)]
#[must_use]
pub struct Routes {
    prefix: String,
    routes: Vec<Route>,
}

impl Default for Routes {
    /// Every route, under [`Route::PREFIX`].
    fn default() -> Self {
        Self::only(Route::ALL)
    }
}

impl Routes {
    /// These routes alone, under [`Route::PREFIX`]; one that is named twice is there once.
    pub fn only(routes: impl IntoIterator<Item = Route>) -> Self {
        let mut wanted = Vec::new();
        for route in routes {
            if !wanted.contains(&route) {
                wanted.push(route);
            }
        }
        Self { prefix: Route::PREFIX.into(), routes: wanted }
    }

    /// Another prefix.
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Each path with its routes. Some frameworks take the first path that fits, so those without a parameter come
    /// first.
    #[must_use]
    pub fn paths(&self) -> Vec<(String, Vec<Route>)> {
        let mut paths: Vec<(String, Vec<Route>)> = Vec::new();
        for &route in &self.routes {
            let path = route.path_under(&self.prefix);
            match paths.iter_mut().find(|(other, _)| *other == path) {
                Some((_, routes)) => routes.push(route),
                None => paths.push((path, vec![route])),
            }
        }
        paths.sort_by_key(|(path, _)| path.ends_with('}'));
        paths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_that_is_named_twice_is_there_once() {
        let routes = Routes::only([Route::SignOut, Route::SignOut]);
        assert_eq!(routes.paths(), [("/webauthn/sign-out".to_owned(), vec![Route::SignOut])]);
    }

    #[test]
    fn routes_of_one_path_stand_together_and_parameters_last() {
        let routes = Routes::only([Route::RenameCredential, Route::Signal, Route::DeleteCredential]);
        let expected = [
            ("/a/credentials/signal".to_owned(), vec![Route::Signal]),
            ("/a/credentials/{id}".to_owned(), vec![Route::RenameCredential, Route::DeleteCredential]),
        ];
        assert_eq!(routes.prefix("/a").paths(), expected);
    }
}
