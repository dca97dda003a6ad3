-- Times are whole seconds since 1970-01-01T00:00:00Z. The prefix of the names keeps the tables apart from those of an
-- application in the same file. No foreign key refers to rp_users: the users may be in a table of the application.

CREATE TABLE rp_users (
    user_handle  BLOB    NOT NULL PRIMARY KEY CHECK (length(user_handle) BETWEEN 1 AND 64),
    name         TEXT    NOT NULL,
    name_key     TEXT    NOT NULL UNIQUE,
    display_name TEXT    NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;

-- Locked users, also those in a table of the application.
CREATE TABLE rp_user_locks (
    user_handle BLOB    NOT NULL PRIMARY KEY,
    locked_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE rp_passkeys (
    seq                   INTEGER NOT NULL PRIMARY KEY,
    credential_id         BLOB    NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
    user_handle           BLOB    NOT NULL CHECK (length(user_handle) BETWEEN 1 AND 64),
    public_key            BLOB    NOT NULL,
    sign_count            INTEGER NOT NULL CHECK (sign_count BETWEEN 0 AND 4294967295),
    uv_initialized        INTEGER NOT NULL CHECK (uv_initialized IN (0, 1)),
    -- A JSON array of strings.
    transports            TEXT    NOT NULL,
    -- NULL if unknown, in imported records.
    backup_eligible       INTEGER          CHECK (backup_eligible IN (0, 1)),
    backup_state          INTEGER NOT NULL CHECK (backup_state IN (0, 1)),
    attestation_object    BLOB,
    attestation_client_data_json BLOB,
    rp_id                 TEXT,
    aaguid                BLOB    NOT NULL CHECK (length(aaguid) = 16),
    attestation_format    TEXT    NOT NULL,
    attestation_type      TEXT    NOT NULL,
    attestation_trusted   INTEGER NOT NULL CHECK (attestation_trusted IN (0, 1)),
    attestation_model     BLOB    CHECK (length(attestation_model) = 16),
    attestation_sign_count_proven INTEGER NOT NULL CHECK (attestation_sign_count_proven IN (0, 1)),
    nickname              TEXT,
    created_at            INTEGER NOT NULL,
    last_used_at          INTEGER,
    user_verified         INTEGER NOT NULL CHECK (user_verified IN (0, 1))
) STRICT;

CREATE INDEX rp_passkeys_of_user ON rp_passkeys (user_handle, created_at, seq);

CREATE TABLE rp_grants (
    key         BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    user_handle BLOB    NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX rp_grants_of_user ON rp_grants (user_handle, expires_at);
CREATE INDEX rp_grants_by_end ON rp_grants (expires_at);

-- Second factors except passkeys.
CREATE TABLE rp_factors (
    user_handle  BLOB    NOT NULL CHECK (length(user_handle) BETWEEN 1 AND 64),
    name         TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    -- Encrypted by the service.
    state        BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    version      BLOB    NOT NULL CHECK (length(version) = 16),
    PRIMARY KEY (user_handle, name)
) STRICT;

CREATE TABLE rp_ceremonies (
    key        BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    state      BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX rp_ceremonies_by_end ON rp_ceremonies (expires_at);

CREATE TABLE rp_sessions (
    -- The SHA-256 hash of the token.
    key           BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    id            BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    user_handle   BLOB    NOT NULL CHECK (length(user_handle) BETWEEN 1 AND 64),
    state         TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    last_used_at  INTEGER NOT NULL,
    verified_at   INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    -- A JSON array.
    factors       TEXT    NOT NULL,
    credential_id BLOB,
    address       TEXT,
    user_agent    TEXT,
    user_verification_required INTEGER NOT NULL CHECK (user_verification_required IN (0, 1))
) STRICT;

CREATE INDEX rp_sessions_of_user ON rp_sessions (user_handle, last_used_at);
CREATE INDEX rp_sessions_by_end ON rp_sessions (expires_at);

-- Attempts under a rate limit. The key is a SHA-256 hash of the limit and its subject.
CREATE TABLE rp_rate_limits (
    key        BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    attempts   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX rp_rate_limits_by_end ON rp_rate_limits (expires_at);
