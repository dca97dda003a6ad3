//! Software authenticator, vector format and drivers for any WebAuthn server.
