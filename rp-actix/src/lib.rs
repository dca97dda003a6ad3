//! The relying party of rp-service, mounted on actix-web.
