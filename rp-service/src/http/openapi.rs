//! The OpenAPI document of the interface, generated from the routes.
//!
//! The HTTP tests compare every response with it.

mod operation;
mod schemas;

use serde_json::{Map, Value, json};

use self::operation::{Operation, Outcome};
use super::route::{Route, Routes};
use crate::passkeys::Passkeys;
use crate::problem::Problem;

impl Passkeys {
    /// The [OpenAPI] 3.1 document of the mounted routes, as JSON.
    ///
    /// Objects of responses have no members that the document does not list. Objects of requests may have them: they are
    /// ignored.
    ///
    /// [OpenAPI]: https://spec.openapis.org/oas/v3.1.1.html
    ///
    /// # Examples
    /// ```
    /// use rp_core::RelyingParty;
    /// use rp_service::http::Routes;
    /// use rp_service::store::MemoryStore;
    /// use rp_service::{Passkeys, Secret};
    ///
    /// let rp = RelyingParty::builder("example.org").origin("https://example.org").build()?;
    /// let passkeys = Passkeys::builder(rp).store(MemoryStore::new()).secret(Secret::random()?).build()?;
    /// let document = passkeys.openapi(&Routes::all().prefix("/auth"));
    /// assert!(document["paths"]["/auth/authentication/verify"]["post"].is_object());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn openapi(&self, routes: &Routes) -> Value {
        let mut paths = Map::new();
        for (path, routes) in routes.paths() {
            let mut item = Map::new();
            let parameters: Vec<_> = parameters(&path).collect();
            if !parameters.is_empty() {
                item.insert("parameters".into(), parameters.into());
            }
            for route in routes {
                item.insert(route.method().to_ascii_lowercase(), operation(route));
            }
            paths.insert(path, item.into());
        }
        let session = self.cookies().session();
        json!({
            "openapi": "3.1.1",
            "info": {
                "title": "Passkeys",
                "summary": "Registration, sign-in, sessions and passkey management.",
                "version": env!("CARGO_PKG_VERSION"),
            },
            "paths": paths,
            "components": {
                "schemas": schemas::all(),
                "securitySchemes": {
                    "session": { "type": "apiKey", "in": "cookie", "name": session.name },
                    "bearer": {
                        "type": "http", "scheme": "bearer", "description": "If the policy allows bearer tokens.",
                    },
                },
            },
        })
    }
}

/// The parameters of a path.
fn parameters(path: &str) -> impl Iterator<Item = Value> {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let schema = json!({ "type": "string", "minLength": 1 });
    names.map(move |(name, _)| json!({ "name": name, "in": "path", "required": true, "schema": schema }))
}

fn operation(route: Route) -> Value {
    let Operation { summary, request, success, problems } = Operation::of(route);
    let mut responses: Map<String, Value> =
        success.into_iter().map(response).map(|(status, response)| (status.to_string(), response)).collect();
    for status in problems.iter().chain(common_problems(route)) {
        responses.entry(status.to_string()).or_insert_with(|| problem(*status));
    }
    let mut operation = Map::new();
    operation.insert("operationId".into(), format!("{route:?}").into());
    operation.insert("summary".into(), summary.into());
    operation.insert("responses".into(), responses.into());
    if let Some(request) = request {
        let schema = json!({ "schema": schemas::reference(request) });
        let mut content = json!({ "application/json": schema });
        if route == Route::Token {
            content = json!({ "application/json": schema, "application/x-www-form-urlencoded": schema });
        }
        operation.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    if route == Route::Authorize {
        let parameter = |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "string" } });
        operation.insert("parameters".into(), AUTHORIZE_PARAMETERS.map(parameter).to_vec().into());
    }
    if route.has_caller() {
        // A session is optional for some routes: the empty requirement says so.
        operation.insert("security".into(), json!([{ "session": [] }, { "bearer": [] }, {}]));
    }
    operation.into()
}

/// RFC 6749, section 4.1.1, and RFC 7636, section 4.3.
const AUTHORIZE_PARAMETERS: [&str; 6] =
    ["response_type", "client_id", "redirect_uri", "code_challenge", "code_challenge_method", "state"];

/// The errors that follow from the form of a route.
fn common_problems(route: Route) -> impl Iterator<Item = &'static u16> {
    let body: &[u16] = if route.has_body() { &[400, 413, 415] } else { &[] };
    let site: &[u16] = if route.changes_state() { &[403] } else { &[] };
    // 403: the user is locked. 500: a part of the set-up is missing.
    let caller: &[u16] = if route.has_caller() { &[403, 500, 503] } else { &[] };
    body.iter().chain(site).chain(caller)
}

fn response(outcome: Outcome) -> (u16, Value) {
    let (status, content) = match outcome {
        Outcome::Json(status, schema) => {
            (status, json!({ "application/json": { "schema": schemas::reference(schema) } }))
        }
        Outcome::Script(status) => {
            (status, json!({ "text/javascript; charset=utf-8": { "schema": { "type": "string" } } }))
        }
        Outcome::Html(status) => {
            (status, json!({ "text/html; charset=utf-8": { "schema": { "type": "string" } } }))
        }
        Outcome::Empty(status) => return (status, json!({ "description": description(status) })),
    };
    (status, json!({ "description": description(status), "content": content }))
}

fn problem(status: u16) -> Value {
    let content = json!({ (Problem::MEDIA_TYPE): { "schema": schemas::reference("Problem") } });
    if !matches!(status, 429 | 503) {
        return json!({ "description": description(status), "content": content });
    }
    let seconds = json!({ "type": "string", "pattern": "^[0-9]+$" });
    let header = json!({ "description": "Seconds", "required": true, "schema": seconds });
    json!({ "description": description(status), "content": content, "headers": { "Retry-After": header } })
}

/// RFC 9110, in the words of this interface.
const fn description(status: u16) -> &'static str {
    match status {
        200 => "Done",
        201 => "Created",
        204 => "Done, without content",
        303 => "The client receives the result at another address",
        304 => "The browser has the file",
        400 => "The request is malformed",
        401 => "A session, or a stronger one, is required",
        403 => "The policy, the application or the check of the site rejects the request",
        404 => "Not found, or not configured",
        409 => "The state of the ceremony or the account does not allow it",
        413 => "The body is too large",
        415 => "The body is not application/json",
        422 => "The response does not verify, or is not accepted",
        429 => "Too many attempts",
        500 => "The set-up is incomplete",
        503 => "The storage is not available; nothing was changed",
        _ => "Other",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn document(routes: &Routes) -> Value {
        let rp = rp_core::RelyingParty::builder("example.org").origin("https://example.org").build().unwrap();
        let store = crate::store::MemoryStore::new();
        Passkeys::builder(rp).store(store).secret([7; 32]).build().unwrap().openapi(routes)
    }

    /// Every `$ref` in a value.
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            Value::Object(members) => members.iter().for_each(|(name, value)| match value {
                Value::String(target) if name == "$ref" => drop(found.insert(target.clone())),
                value => references(value, found),
            }),
            _ => {}
        }
    }

    #[test]
    fn every_route_is_in_the_document_under_its_prefix() {
        let document = document(&Routes::all().prefix("/auth"));
        for route in Route::ALL {
            let path = route.path_under("/auth");
            let operation = &document["paths"][&path][route.method().to_ascii_lowercase()];
            assert_eq!(operation["operationId"], format!("{route:?}"), "{path}");
            assert_eq!(operation.get("requestBody").is_some(), route.has_body(), "{path}");
        }
    }

    #[test]
    fn only_the_mounted_routes_are_in_the_document() {
        let document = document(&Routes::only([Route::SignOut]));
        let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
        assert_eq!(paths, ["/webauthn/sign-out"]);
    }

    #[test]
    fn every_reference_has_its_schema_and_every_schema_a_use() {
        let document = document(&Routes::all());
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let all: BTreeSet<_> = schemas.keys().map(|name| format!("#/components/schemas/{name}")).collect();
        assert_eq!(found, all);
    }

    #[test]
    fn a_path_with_parameters_describes_them() {
        let document = document(&Routes::all().prefix("/{lang}"));
        let names = |path: &str| {
            let parameters = document["paths"][path]["parameters"].as_array();
            parameters.into_iter().flatten().map(|parameter| parameter["name"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(names("/{lang}/factors/{name}/verify"), ["lang", "name"]);
        assert_eq!(names("/{lang}/session"), ["lang"]);
        assert!(names("/.well-known/webauthn").is_empty());
    }
}
