//! The responses to a command line and to the browser that it opened.

use super::body;
use super::guard;
use super::request::Request;
use super::response::Response;
use crate::authorization::{TokenRequest, page};
use crate::error::ServiceError;
use crate::json::TokenJson;
use crate::passkeys::{Caller, Next, Passkeys, StartedAuthorization};
use crate::session::SessionToken;

impl Passkeys {
    /// The page on which the user confirms, or the redirect that reports an error to the client.
    pub(super) async fn authorization_page(
        &self,
        mut caller: Caller,
        request: &Request<'_>,
    ) -> Result<Response, ServiceError> {
        let cookie = self.ensure_browser(&mut caller)?;
        let pending = match self.start_authorization(&caller, request.query).await? {
            StartedAuthorization::Rejected { location } => {
                return Ok(Response::empty(303)
                    .with("location", location)
                    .with("referrer-policy", "no-referrer".into()));
            }
            StartedAuthorization::Pending(pending) => pending,
        };
        let issuer = self.issuer();
        let confirmation = page::Confirmation {
            site: issuer.split_once("://").map_or(issuer, |(_, host)| host),
            client: &pending.client,
            port: pending.redirect.port(),
            user: pending.user.as_ref().map(|user| user.name.as_str()),
            request: &pending.request,
            cancel: &pending.cancel,
        };
        Ok(html(200, confirmation.page()).with_cookie(cookie))
    }

    /// The error as a page: a person reads it, not the client.
    pub(super) fn rejected_page(&self, error: &ServiceError) -> Response {
        let problem = error.problem();
        html(problem.status, page::rejected(problem.title, &problem.detail))
    }

    /// The session for a code. The session of the request is not read: a command line has none yet.
    pub(super) async fn token_response(
        &self,
        request: &Request<'_>,
        body: &[u8],
    ) -> Result<Response, ServiceError> {
        if request.header("origin").next().is_some() {
            let reason = "a page asks for a bearer token".to_owned();
            let rejected = Err(ServiceError::CrossSite { reason, accepted: Vec::new() });
            return self.recorded_early(request, rejected);
        }
        let form = if guard::is_form(request) {
            TokenRequest::parse(body).map_err(ServiceError::from)
        } else {
            body::parse(body)
        };
        let form = self.recorded_early(request, form)?;
        let redeemed = self.redeem_code(&self.client(request), &form).await?;
        let session = &redeemed.session.session;
        let passkey = self.passkey_of(session).await?;
        let token = redeemed.session.token.as_ref().map(SessionToken::expose);
        let body = TokenJson {
            access_token: token.clone().unwrap_or_default(),
            token_type: "Bearer",
            expires_in: session.expires_at.saturating_since(session.last_used_at).as_secs(),
            session: self.session_json(session, &redeemed.user, passkey.as_ref(), Next::SignedIn, token),
        };
        Ok(Response::json(200, &body))
    }
}

fn html(status: u16, page: String) -> Response {
    let mut response = page::headers()
        .into_iter()
        .fold(Response::empty(status), |response, (name, value)| response.with(name, value));
    response.body = page.into_bytes();
    response
}
