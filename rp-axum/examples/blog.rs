//! A blog with passwords and a `users` table of its own, to which passkeys are added:
//! `cargo run -p rp-axum --example blog`.
//!
//! - A user who signed in with a password can add a passkey, and sign in with it.
//! - After a password, the passkey is required if the user has one. This is the default policy.
//! - Administrators need a passkey that was used within two minutes.
//!
//! The lines between `// rp` and `// end` are all that passkeys take; a test counts them.

use std::error::Error;

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Argon2, password_hash};
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Router, routing::get, routing::post};
use serde::Deserialize;
use sqlx::SqlitePool;
// rp
use rp_axum::store::{SqlUsers, SqliteStore};
use rp_axum::{Context, CurrentUser, FreshPasskey, Method, Passkeys, PasskeysBuilder, Rejection};
use rp_axum::{RelyingParty, Secret, ServiceError, SiteCheck, UserHandle};
// end

/// The application's own table. Passkeys need the last column: 64 random bytes that identify the user to authenticators.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS users (
        id INTEGER PRIMARY KEY,
        email TEXT NOT NULL UNIQUE COLLATE NOCASE,
        full_name TEXT NOT NULL,
        password_hash TEXT,
        is_administrator INTEGER NOT NULL DEFAULT 0,
        passkey_handle BLOB NOT NULL UNIQUE
    );
    CREATE TABLE IF NOT EXISTS posts (id INTEGER PRIMARY KEY, author BLOB NOT NULL, text TEXT NOT NULL)";

// rp
/// How passkeys find the users of the blog.
fn blog_users() -> SqlUsers {
    SqlUsers::new(
        "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name FROM users WHERE email = ?1",
        "SELECT passkey_handle AS user_handle, email AS name, full_name AS display_name FROM users
            WHERE passkey_handle = ?1",
        "INSERT INTO users (passkey_handle, email, full_name) VALUES (?1, ?2, ?4)",
    )
}

async fn passkeys(pool: SqlitePool, secret: Secret) -> Result<PasskeysBuilder, Box<dyn Error>> {
    let rp = RelyingParty::builder("localhost").name("The blog").origin("http://localhost:8080").build()?;
    let store = SqliteStore::from_pool(pool).await?.with_users(blog_users()).await?;
    Ok(Passkeys::builder(rp).store(store).secret(secret))
}
// end

fn blog(pool: SqlitePool) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/register", post(register))
        .route("/sign-in", post(sign_in))
        .route("/posts", get(posts).post(write))
        .route("/administration", get(administration))
        .with_state(pool)
}

#[derive(Deserialize)]
struct NewAccount {
    email: String,
    full_name: String,
    password: String,
}

async fn register(
    _: SiteCheck, // rp
    State(pool): State<SqlitePool>,
    Form(form): Form<NewAccount>,
) -> Result<Redirect, Failure> {
    let hash = run_blocking(move || hash_password(&form.password)).await?;
    sqlx::query("INSERT INTO users (email, full_name, password_hash, passkey_handle) VALUES (?, ?, ?, ?)")
        .bind(form.email)
        .bind(form.full_name)
        .bind(hash)
        .bind(UserHandle::random().map_err(ServiceError::from)?.as_bytes()) // rp
        .execute(&pool)
        .await?;
    Ok(Redirect::to("/"))
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

async fn sign_in(
    context: Context, // rp
    State(pool): State<SqlitePool>,
    Form(form): Form<Credentials>,
) -> Result<Response, Failure> {
    let user: Option<(Vec<u8>, Option<String>)> =
        sqlx::query_as("SELECT passkey_handle, password_hash FROM users WHERE email = ?")
            .bind(form.email)
            .fetch_optional(&pool)
            .await?;
    let (handle, hash) = user.unwrap_or_default();
    if !run_blocking(move || verify_password(hash, &form.password)).await {
        return Ok((StatusCode::UNAUTHORIZED, "wrong e-mail or password").into_response());
    }
    // rp
    let handle = UserHandle::try_from(handle.as_slice()).map_err(|_| Failure::Invalid)?;
    let first = context.first_factor_verified(&handle, Method::Password).await?;
    let next = if first.session.session.is_signed_in() { "/" } else { "/#second-factor" };
    // end
    Ok(Redirect::to(next).into_response())
}

async fn home() -> Html<&'static str> {
    Html(include_str!("blog.html"))
}

async fn posts(State(pool): State<SqlitePool>) -> Result<String, Failure> {
    let posts: Vec<(String,)> = sqlx::query_as("SELECT text FROM posts ORDER BY id").fetch_all(&pool).await?;
    Ok(posts.into_iter().map(|(text,)| text + "\n").collect())
}

async fn write(
    current: CurrentUser, // rp
    State(pool): State<SqlitePool>,
    text: String,
) -> Result<StatusCode, Failure> {
    sqlx::query("INSERT INTO posts (author, text) VALUES (?, ?)")
        .bind(current.user.handle.as_bytes()) // rp
        .bind(text)
        .execute(&pool)
        .await?;
    Ok(StatusCode::CREATED)
}

async fn administration(
    current: FreshPasskey<120>, // rp
    State(pool): State<SqlitePool>,
) -> Result<Response, Failure> {
    let (is_administrator,): (bool,) =
        sqlx::query_as("SELECT is_administrator FROM users WHERE passkey_handle = ?")
            .bind(current.user.handle.as_bytes()) // rp
            .fetch_one(&pool)
            .await?;
    if !is_administrator {
        return Ok((StatusCode::FORBIDDEN, "for administrators").into_response());
    }
    let (users,): (i64,) = sqlx::query_as("SELECT count(*) FROM users").fetch_one(&pool).await?;
    Ok(format!("{users} users").into_response())
}

fn hash_password(password: &str) -> Result<String, Failure> {
    let salt = SaltString::generate(&mut password_hash::rand_core::OsRng);
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|_| Failure::Invalid)
}

fn verify_password(hash: Option<String>, password: &str) -> bool {
    // For an unknown e-mail address, the same work with the hash of no password.
    let hash = hash.unwrap_or_else(|| NO_PASSWORD.into());
    let hash = PasswordHash::new(&hash);
    hash.is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

const NO_PASSWORD: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyBpdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[expect(clippy::expect_used, reason = "a panic of the work is a bug, and ends the request")]
async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("the work does not panic")
}

/// An error of a handler.
enum Failure {
    Rejected(Rejection), // rp
    Database(sqlx::Error),
    Invalid,
}

// rp
impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Self::Rejected(error.into())
    }
}
// end

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Rejected(rejection) => rejection.into_response(), // rp
            Self::Database(error) if error.as_database_error().is_some_and(|e| e.is_unique_violation()) => {
                (StatusCode::CONFLICT, "this e-mail address is taken").into_response()
            }
            Self::Database(error) => {
                tracing::error!(%error, "database");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
            Self::Invalid => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let pool = SqlitePool::connect("sqlite:blog.db?mode=rwc").await?;
    sqlx::raw_sql(SCHEMA).execute(&pool).await?;
    let passkeys = passkeys(pool.clone(), Secret::file("secret")?).await?.build()?; // rp
    let listener = tokio::net::TcpListener::bind("localhost:8080").await?;
    println!("http://localhost:8080");
    axum::serve(listener, rp_axum::mount(blog(pool), &passkeys)).await?; // rp
    Ok(())
}

#[cfg(test)]
#[path = "blog/tests.rs"]
mod tests;
