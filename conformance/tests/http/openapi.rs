//! Every response of the cases is one that the OpenAPI document describes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use rp_conformance::http::{Fixture, HttpRequest, HttpResponse, Setup, Site, parameters};
use rp_service::http::Routes;
use serde_json::{Value, json};

/// The schemas of bodies, by name. They are the same in every configuration.
static SCHEMAS: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| {
    let document = Fixture::new(Setup::default()).passkeys.openapi(&Routes::all());
    let components = &document["components"];
    let compile = |name: &String| {
        let schema = json!({ "$ref": format!("#/components/schemas/{name}"), "components": components });
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        (name.clone(), validator)
    };
    components["schemas"].as_object().unwrap().keys().map(compile).collect()
});

/// The site, whose responses are compared with the document of the service.
pub(crate) fn documented(fixture: &Fixture, site: Site) -> Site {
    let routes = Routes::only(fixture.routes.clone()).prefix(fixture.prefix);
    let document = fixture.passkeys.openapi(&routes);
    Site::new(move |request: HttpRequest| {
        let (site, document) = (site.clone(), document.clone());
        async move {
            let response = site.send(request.clone()).await;
            check(&document, &request, &response);
            response
        }
    })
}

#[track_caller]
fn check(document: &Value, request: &HttpRequest, response: &HttpResponse) {
    // The application has other routes.
    let path = request.path.split('?').next().unwrap_or_default();
    let Some(path) = path_item(document, path) else { return };
    let what = format!("{} {}: {}", request.method, request.path, response.status);
    let method = if request.method == "HEAD" { "get" } else { &request.method.to_ascii_lowercase() };
    let operation = &path[method];
    if operation.is_null() {
        let preflight = request.method == "OPTIONS" && response.status == 204;
        assert!(preflight || response.status == 405, "{what}: no such method");
        return;
    }
    let described = &operation["responses"][response.status.to_string()];
    assert!(described.is_object(), "{what}: undocumented status, {}", body(response));
    let headers = described["headers"].as_object().into_iter().flatten();
    for (header, _) in headers {
        let name = header.to_ascii_lowercase();
        assert_eq!(response.header(&name).count(), 1, "{what}: {header}");
    }
    let media_type: Vec<_> = response.header("content-type").collect();
    let Some(content) = described["content"].as_object() else {
        assert!(media_type.is_empty() && response.body.is_empty(), "{what}: {}", body(response));
        return;
    };
    assert_eq!(media_type, content.keys().collect::<Vec<_>>(), "{what}");
    if request.method == "HEAD" {
        return;
    }
    conforms(&what, &content.values().next().unwrap()["schema"], &response.body);
    let is_json =
        |(name, value): &(String, Vec<u8>)| name == "content-type" && value.starts_with(b"application/json");
    if response.status < 300 && request.headers.iter().any(is_json) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        conforms(&format!("the request of {what}"), schema, &request.body);
    }
}

/// The path of the document that a path of a request matches; one without a parameter comes first.
fn path_item<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    let paths = document["paths"].as_object().unwrap();
    let matches = |pattern: &str| parameters(pattern, path).is_some();
    paths.get(path).or_else(|| paths.iter().find(|(pattern, _)| matches(pattern)).map(|(_, item)| item))
}

/// Compares a body with the schema that is referred to.
#[track_caller]
fn conforms(what: &str, schema: &Value, body: &[u8]) {
    let Some(name) = schema["$ref"].as_str() else { return };
    let name = name.trim_start_matches("#/components/schemas/");
    let value: Value = serde_json::from_slice(body).unwrap_or_else(|error| panic!("{what}: {error}"));
    let errors: Vec<_> = SCHEMAS[name].iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{what}: {errors:?} in {value}");
}

fn body(response: &HttpResponse) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

fn checked(status: u16, content_type: &str, body: &str) {
    let document = Fixture::new(Setup::default()).passkeys.openapi(&Routes::all());
    let request =
        HttpRequest { method: "GET".into(), path: "/webauthn/sessions".into(), ..HttpRequest::default() };
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    check(&document, &request, &HttpResponse { status, headers, body: body.into() });
}

#[test]
fn a_documented_response_passes() {
    checked(200, "application/json", r#"{"sessions":[]}"#);
}

#[test]
#[should_panic(expected = "undocumented status")]
fn an_undocumented_status_is_found() {
    checked(418, "application/json", "{}");
}

#[test]
#[should_panic(expected = "'other' was unexpected")]
fn an_undocumented_member_is_found() {
    checked(200, "application/json", r#"{"sessions":[],"other":1}"#);
}

#[test]
#[should_panic(expected = "text/html")]
fn an_undocumented_media_type_is_found() {
    checked(200, "text/html", "");
}
