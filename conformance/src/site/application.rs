//! The routes of the example itself: passwords, and an operation that requires a recent verification.

use std::sync::Arc;

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use rp_service::http::{Context, Routes};
use rp_service::{Method, Requirement, ServiceError, Username};
use serde::Deserialize;
use serde_json::json;

use super::administration::Administration;
use super::answer::{Answer, parse};
use super::passwords::Passwords;

/// A route of the example. The adapters' examples mount all of them.
#[derive(Clone, Copy, Debug)]
pub enum AppRoute {
    /// `POST /password/sign-up`: creates a user with a password and without a passkey.
    SignUp,
    /// `POST /password/sign-in`: the first factor. `GET session` says what follows.
    SignIn,
    /// `POST /password`: sets the password of the signed-in user.
    SetPassword,
    /// `GET /profile`: whether the user has a password, and is an administrator.
    Profile,
    /// `POST /qr`: a text as a QR code, so that no secret leaves the site for that.
    QrCode,
    /// `GET /openapi.json`: the description of the interface.
    OpenApi,
    /// `POST /report`: an operation that requires a passkey within the last two minutes.
    Report,
    /// `POST /admin/users`: the users and their state under the policy.
    AdminUsers,
    /// `POST /admin/user`: one user, with the latest events.
    AdminUser,
    /// `POST /admin/check`: a dry run of another policy.
    AdminCheck,
    /// `POST /admin/act`: what an administrator does to a user, with a reason.
    AdminAct,
}

impl AppRoute {
    /// Every route.
    pub const ALL: [Self; 11] = [
        Self::SignUp,
        Self::SignIn,
        Self::SetPassword,
        Self::Profile,
        Self::QrCode,
        Self::OpenApi,
        Self::Report,
        Self::AdminUsers,
        Self::AdminUser,
        Self::AdminCheck,
        Self::AdminAct,
    ];

    /// The path.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::SignUp => "/password/sign-up",
            Self::SignIn => "/password/sign-in",
            Self::SetPassword => "/password",
            Self::Profile => "/profile",
            Self::QrCode => "/qr",
            Self::OpenApi => "/openapi.json",
            Self::Report => "/report",
            Self::AdminUsers => "/admin/users",
            Self::AdminUser => "/admin/user",
            Self::AdminCheck => "/admin/check",
            Self::AdminAct => "/admin/act",
        }
    }

    /// Whether the method is POST and not GET.
    #[must_use]
    pub const fn is_post(self) -> bool {
        !matches!(self, Self::Profile | Self::OpenApi)
    }
}

/// The handlers of the routes.
#[derive(Clone, Debug)]
pub struct Application {
    passwords: Arc<Passwords>,
    administration: Arc<Administration>,
}

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewAccount {
    username: String,
    #[serde(default)]
    display_name: String,
    password: String,
}

#[derive(Deserialize)]
struct NewPassword {
    password: String,
}

#[derive(Deserialize)]
struct Text {
    text: String,
}

impl Application {
    pub(super) fn new(passwords: Passwords, administration: Administration) -> Self {
        Self { passwords: Arc::new(passwords), administration: Arc::new(administration) }
    }

    /// Responds to a request.
    ///
    /// # Errors
    /// [`ServiceError`], which the adapters respond with as the routes of the service do.
    pub async fn respond(
        &self,
        route: AppRoute,
        context: &Context,
        body: &[u8],
    ) -> Result<Answer, ServiceError> {
        match route {
            AppRoute::SignUp => self.sign_up(context, parse(body)?).await,
            AppRoute::SignIn => self.sign_in(context, parse(body)?).await,
            AppRoute::SetPassword => self.set_password(context, parse(body)?).await,
            AppRoute::Profile => {
                let current = context.require(&Requirement::signed_in()).await?;
                let has_password = self.passwords.exists(&current.user.handle).await?;
                let is_administrator = self.administration.administrators.include(&current.user);
                let profile = json!({ "hasPassword": has_password, "isAdministrator": is_administrator });
                Ok(Answer::json(200, &profile))
            }
            AppRoute::QrCode => qr_code(&parse::<Text>(body)?.text),
            AppRoute::OpenApi => Ok(Answer::json(200, &context.passkeys().openapi(&Routes::all()))),
            AppRoute::Report => {
                let current = context.require(&Requirement::passkey().within_minutes(2)).await?;
                let text = format!("The report of {}: nothing to report.\n", current.user.name);
                Ok(Answer { status: 200, media_type: "text/plain; charset=utf-8", body: text.into() })
            }
            AppRoute::AdminUsers => self.administration.users(context, &self.passwords, body).await,
            AppRoute::AdminUser => self.administration.user(context, &self.passwords, body).await,
            AppRoute::AdminCheck => self.administration.check(context, &self.passwords, body).await,
            AppRoute::AdminAct => self.administration.act(context, body).await,
        }
    }

    async fn sign_up(&self, context: &Context, form: NewAccount) -> Result<Answer, ServiceError> {
        if is_too_short(&form.password) {
            return Ok(too_short());
        }
        let passkeys = context.passkeys();
        let user = passkeys.create_user(&form.username, &form.display_name).await?;
        let stored = self.passwords.set(&user.handle, form.password).await;
        if let Err(error) = stored {
            // Else the name would be taken by an account that no one can enter.
            let _ = passkeys.delete_user(&user.handle).await?;
            return Err(error);
        }
        let _ = context.first_factor_verified(&user.handle, Method::Password).await?;
        Ok(Answer::empty())
    }

    async fn sign_in(&self, context: &Context, form: Credentials) -> Result<Answer, ServiceError> {
        let user = context.passkeys().user_by_name(&form.username).await?;
        let handle = user.map(|user| user.handle);
        let name = Username::parse(&form.username).map_or_else(|_| form.username, |name| name.key().into());
        if !self.passwords.verify(handle.as_ref(), &name, form.password).await? {
            return Ok(Answer::problem(401, "password-wrong", "The username or the password is wrong"));
        }
        if let Some(handle) = handle {
            let _ = context.first_factor_verified(&handle, Method::Password).await?;
        }
        Ok(Answer::empty())
    }

    async fn set_password(&self, context: &Context, form: NewPassword) -> Result<Answer, ServiceError> {
        let recent = context.passkeys().policy().recent_verification;
        let current = context.require(&Requirement::signed_in().within(recent)).await?;
        if is_too_short(&form.password) {
            return Ok(too_short());
        }
        self.passwords.set(&current.user.handle, form.password).await?;
        Ok(Answer::empty())
    }
}

fn too_short() -> Answer {
    Answer::problem(400, "password-too-short", "The password is too short")
}

fn is_too_short(password: &str) -> bool {
    password.chars().count() < Passwords::MIN_CHARS
}

fn qr_code(text: &str) -> Result<Answer, ServiceError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|error| ServiceError::Body { detail: format!("no QR code: {error}") })?;
    // Black on white in any colour scheme: cameras expect it.
    let image = code.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    Ok(Answer { status: 200, media_type: "image/svg+xml", body: image.into_bytes() })
}
