//! The schemas of bodies (JSON Schema 2020-12).

use serde_json::{Map, Value, json};

/// A reference to a schema of [`all`].
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Every schema by its name.
pub(super) fn all() -> Map<String, Value> {
    let mut all = Map::new();
    for (name, schema) in requests().into_iter().chain(ceremonies()).chain(objects()) {
        all.insert(name.to_owned(), schema);
    }
    all
}

type Schemas = Vec<(&'static str, Value)>;

/// An object with these members and no others; a name that ends with `?` is optional.
fn object(members: &[(&str, Value)]) -> Value {
    with(open(members), "additionalProperties", false)
}

/// A schema with another keyword.
fn with(schema: Value, keyword: &str, value: impl Into<Value>) -> Value {
    match schema {
        Value::Object(mut keywords) => {
            keywords.insert(keyword.to_owned(), value.into());
            keywords.into()
        }
        other => other,
    }
}

/// An object with these members, which may have others.
fn open(members: &[(&str, Value)]) -> Value {
    let name = |name: &str| name.trim_end_matches('?').to_owned();
    let properties: Map<String, Value> =
        members.iter().map(|(member, schema)| (name(member), schema.clone())).collect();
    let required: Vec<_> =
        members.iter().map(|(member, _)| *member).filter(|member| !member.ends_with('?')).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn string() -> Value {
    json!({ "type": "string" })
}

fn boolean() -> Value {
    json!({ "type": "boolean" })
}

fn base64url() -> Value {
    json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$", "contentEncoding": "base64url" })
}

fn date_time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn array(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

fn requests() -> Schemas {
    // Optional members of responses of a client may be `null`.
    let attachment = json!({ "type": ["string", "null"] });
    let results = json!({ "type": ["object", "null"] });
    let credential = |response: Value| {
        [
            ("id", base64url()),
            ("rawId", base64url()),
            ("type", one_of(&["public-key"])),
            ("response", response),
            ("authenticatorAttachment?", attachment.clone()),
            ("clientExtensionResults?", results.clone()),
        ]
    };
    let attestation = open(&[
        ("clientDataJSON", base64url()),
        ("attestationObject", base64url()),
        ("transports?", json!({ "type": ["array", "null"], "items": { "type": "string" } })),
    ]);
    let assertion = open(&[
        ("clientDataJSON", base64url()),
        ("authenticatorData", base64url()),
        ("signature", base64url()),
        ("userHandle?", json!({ "type": ["string", "null"] })),
    ]);
    let mut registration = credential(attestation).to_vec();
    registration.extend([("nickname?", optional_string()), ("grant?", optional_string())]);
    vec![
        (
            "RegistrationOptionsRequest",
            open(&[
                ("username?", optional_string()),
                ("displayName?", optional_string()),
                ("mediation?", json!({ "enum": ["conditional", null] })),
            ]),
        ),
        ("RegistrationResponse", open(&registration)),
        (
            "AuthenticationOptionsRequest",
            open(&[
                ("username?", optional_string()),
                ("purpose?", json!({ "enum": ["step-up", "second-factor", null] })),
            ]),
        ),
        ("AuthenticationResponse", open(&credential(assertion))),
        ("EmptyRequest", open(&[])),
        ("RenameCredentialRequest", open(&[("nickname", string())])),
        ("ChangeUserRequest", open(&[("displayName", string())])),
        ("ConfirmAuthorizationRequest", open(&[("request", string())])),
        (
            "TokenRequest",
            open(&[
                ("grant_type", one_of(&["authorization_code"])),
                ("client_id", string()),
                ("code", string()),
                ("redirect_uri", string()),
                ("code_verifier", string()),
            ]),
        ),
        ("BrowserReport", described(open(&[]), "A report of `telemetry.js`.")),
        ("FactorRequest", described(open(&[]), "As the factor defines.")),
    ]
}

fn optional_string() -> Value {
    json!({ "type": ["string", "null"] })
}

fn described(schema: Value, description: &str) -> Value {
    with(schema, "description", description)
}

/// The dictionaries of WebAuthn Level 3.
fn ceremonies() -> Schemas {
    let verification = one_of(&["required", "preferred", "discouraged"]);
    let hints = array(one_of(&["security-key", "client-device", "hybrid"]));
    let milliseconds = json!({ "type": "integer", "minimum": 1 });
    vec![
        (
            "Descriptor",
            object(&[
                ("type", one_of(&["public-key"])),
                ("id", base64url()),
                ("transports?", array(string())),
            ]),
        ),
        (
            "CreationOptions",
            object(&[
                ("rp", object(&[("id", string()), ("name", string())])),
                ("user", object(&[("id", base64url()), ("name", string()), ("displayName", string())])),
                ("challenge", base64url()),
                (
                    "pubKeyCredParams",
                    array(object(&[
                        ("type", one_of(&["public-key"])),
                        ("alg", json!({ "type": "integer" })),
                    ])),
                ),
                ("timeout?", milliseconds.clone()),
                ("excludeCredentials", array(reference("Descriptor"))),
                (
                    "authenticatorSelection?",
                    object(&[
                        ("authenticatorAttachment?", one_of(&["platform", "cross-platform"])),
                        ("residentKey", verification.clone()),
                        ("requireResidentKey", boolean()),
                        ("userVerification", verification.clone()),
                    ]),
                ),
                ("hints?", hints.clone()),
                ("attestation?", one_of(&["none", "indirect", "direct", "enterprise"])),
                ("attestationFormats?", array(string())),
                ("extensions?", open(&[])),
            ]),
        ),
        (
            "RequestOptions",
            object(&[
                ("challenge", base64url()),
                ("timeout?", milliseconds),
                ("rpId?", string()),
                ("allowCredentials", array(reference("Descriptor"))),
                ("userVerification", verification),
                ("hints?", hints),
                ("extensions?", open(&[])),
            ]),
        ),
        (
            "Signal",
            object(&[
                (
                    "allAcceptedCredentials",
                    object(&[
                        ("rpId", string()),
                        ("userId", base64url()),
                        ("allAcceptedCredentialIds", array(base64url())),
                    ]),
                ),
                (
                    "currentUserDetails",
                    object(&[
                        ("rpId", string()),
                        ("userId", base64url()),
                        ("name", string()),
                        ("displayName", string()),
                    ]),
                ),
            ]),
        ),
    ]
}

/// The objects of this interface.
fn objects() -> Schemas {
    let credential = [
        ("id", base64url()),
        ("nickname?", string()),
        ("aaguid", json!({ "type": "string", "format": "uuid" })),
        ("authenticator?", object(&[("name", string()), ("icon?", string())])),
        ("transports", array(string())),
        ("createdAt", date_time()),
        ("lastUsedAt?", date_time()),
        ("backupEligible?", boolean()),
        ("backedUp", boolean()),
        ("userVerified", boolean()),
        (
            "attestation",
            object(&[
                ("format", string()),
                ("type", one_of(&["none", "self", "basic", "attca", "anonca"])),
                ("trusted", boolean()),
            ]),
        ),
    ];
    let signal = ("signal", reference("Signal"));
    let mut registration = credential.to_vec();
    registration.extend([signal.clone(), ("token?", string())]);
    let user = [("name", string()), ("displayName", string())];
    let mut user_change = user.to_vec();
    user_change.push(signal.clone());
    let next = json!({ "oneOf": [
        object(&[("secondFactors", array(string()))]),
        object(&[("enrol", object(&[("by", date_time())]))]),
    ] });
    let acr = one_of(&["phr", "phrh"]);
    let session = [
        ("state", one_of(&["signed-in", "first-factor"])),
        ("user", object(&user)),
        ("credential?", reference("Credential")),
        ("assurance", assurance(&acr)),
        ("authTime", date_time()),
        ("expiresAt", date_time()),
        ("next?", next),
        ("token?", string()),
    ];
    let mut token_session = session.to_vec();
    token_session.extend([
        ("access_token", string()),
        ("token_type", one_of(&["Bearer"])),
        ("expires_in", json!({ "type": "integer", "minimum": 0 })),
    ]);
    vec![
        ("Credential", object(&credential)),
        ("Credentials", object(&[("credentials", array(reference("Credential")))])),
        ("Registration", object(&registration)),
        ("Deletion", object(&[signal])),
        ("UserChange", object(&user_change)),
        ("Proof", object(&[("genuine", json!({ "const": true }))])),
        ("Session", object(&session)),
        ("TokenSession", object(&token_session)),
        ("Location", object(&[("location", string())])),
        (
            "Sessions",
            object(&[(
                "sessions",
                array(object(&[
                    ("id", string()),
                    ("current", boolean()),
                    ("kind", one_of(&["browser", "bearer"])),
                    ("createdAt", date_time()),
                    ("lastUsedAt", date_time()),
                    ("address?", string()),
                    ("userAgent?", string()),
                ])),
            )]),
        ),
        (
            "Factors",
            object(&[("enrolled", array(reference("EnrolledFactor"))), ("available", array(string()))]),
        ),
        (
            "EnrolledFactor",
            described(
                open(&[("name", string()), ("createdAt", date_time()), ("lastUsedAt?", date_time())]),
                "With further members, as the factor defines.",
            ),
        ),
        ("FactorResponse", described(open(&[]), "As the factor defines.")),
        (
            "Origins",
            object(&[("origins", json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }))]),
        ),
        (
            "PasskeyEndpoints",
            object(&[("enroll?", string()), ("manage?", string()), ("prfUsageDetails?", string())]),
        ),
        (
            "Problem",
            described(
                object(&[
                    ("type", string()),
                    ("title", string()),
                    ("status", json!({ "type": "integer", "minimum": 400, "maximum": 599 })),
                    ("detail", string()),
                    ("code", json!({ "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$" })),
                    (
                        "required?",
                        object(&[
                            ("maxAge?", json!({ "type": "integer", "minimum": 0 })),
                            ("acr?", acr),
                            ("userVerification?", boolean()),
                        ]),
                    ),
                    ("by?", date_time()),
                    ("error?", string()),
                ]),
                "RFC 9457. `code` is for programs.",
            ),
        ),
    ]
}

fn assurance(acr: &Value) -> Value {
    object(&[
        ("aal", json!({ "type": "integer", "minimum": 0, "maximum": 3 })),
        ("acr?", acr.clone()),
        ("amr", array(one_of(&["pwd", "pop", "hwk", "otp", "user", "mfa"]))),
    ])
}
