-- Times are whole seconds since 1970-01-01T00:00:00Z. The prefix of the names keeps the tables apart from those of an
-- application in the same schema. No foreign key refers to rp_users: the users may be in a table of the application.

CREATE TABLE rp_users (
    user_handle  BYTEA   NOT NULL PRIMARY KEY CHECK (length(user_handle) BETWEEN 1 AND 64),
    name         TEXT    NOT NULL,
    name_key     TEXT    COLLATE "C" NOT NULL UNIQUE,
    display_name TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL
);

-- Locked users, also those in a table of the application.
CREATE TABLE rp_user_locks (
    user_handle BYTEA   NOT NULL PRIMARY KEY,
    locked_at   BIGINT  NOT NULL
);

CREATE TABLE rp_passkeys (
    seq                   BIGINT  NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    credential_id         BYTEA   NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
    user_handle           BYTEA   NOT NULL CHECK (length(user_handle) BETWEEN 1 AND 64),
    public_key            BYTEA   NOT NULL,
    sign_count            BIGINT  NOT NULL CHECK (sign_count BETWEEN 0 AND 4294967295),
    uv_initialized        BOOLEAN NOT NULL,
    -- A JSON array of strings.
    transports            TEXT    NOT NULL,
    -- NULL if unknown, in imported records.
    backup_eligible       BOOLEAN,
    backup_state          BOOLEAN NOT NULL,
    attestation_object    BYTEA,
    attestation_client_data_json BYTEA,
    rp_id                 TEXT,
    aaguid                BYTEA   NOT NULL CHECK (length(aaguid) = 16),
    attestation_format    TEXT    NOT NULL,
    attestation_type      TEXT    NOT NULL,
    attestation_trusted   BOOLEAN NOT NULL,
    attestation_model     BYTEA   CHECK (length(attestation_model) = 16),
    attestation_sign_count_proven BOOLEAN NOT NULL,
    nickname              TEXT,
    created_at            BIGINT  NOT NULL,
    last_used_at          BIGINT,
    user_verified         BOOLEAN NOT NULL
);

CREATE INDEX rp_passkeys_of_user ON rp_passkeys (user_handle, created_at, seq);

CREATE TABLE rp_grants (
    key         BYTEA   NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    user_handle BYTEA   NOT NULL,
    expires_at  BIGINT  NOT NULL
);

CREATE INDEX rp_grants_of_user ON rp_grants (user_handle, expires_at);
CREATE INDEX rp_grants_by_end ON rp_grants (expires_at);

-- Second factors except passkeys.
CREATE TABLE rp_factors (
    user_handle  BYTEA   NOT NULL CHECK (length(user_handle) BETWEEN 1 AND 64),
    name         TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    -- Encrypted by the service.
    state        BYTEA   NOT NULL,
    created_at   BIGINT  NOT NULL,
    last_used_at BIGINT,
    version      BYTEA   NOT NULL CHECK (length(version) = 16),
    PRIMARY KEY (user_handle, name)
);

CREATE TABLE rp_ceremonies (
    key        BYTEA   NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    state      BYTEA   NOT NULL,
    expires_at BIGINT  NOT NULL
);

CREATE INDEX rp_ceremonies_by_end ON rp_ceremonies (expires_at);

CREATE TABLE rp_sessions (
    -- The SHA-256 hash of the token.
    key           BYTEA   NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    id            BYTEA   NOT NULL UNIQUE CHECK (length(id) = 16),
    user_handle   BYTEA   NOT NULL CHECK (length(user_handle) BETWEEN 1 AND 64),
    state         TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL,
    last_used_at  BIGINT  NOT NULL,
    verified_at   BIGINT  NOT NULL,
    expires_at    BIGINT  NOT NULL,
    -- A JSON array.
    factors       TEXT    NOT NULL,
    credential_id BYTEA,
    address       TEXT,
    user_agent    TEXT,
    user_verification_required BOOLEAN NOT NULL
);

CREATE INDEX rp_sessions_of_user ON rp_sessions (user_handle, last_used_at);
CREATE INDEX rp_sessions_by_end ON rp_sessions (expires_at);

-- Attempts under a rate limit. The key is a SHA-256 hash of the limit and its subject.
CREATE TABLE rp_rate_limits (
    key        BYTEA   NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    attempts   BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL
);

CREATE INDEX rp_rate_limits_by_end ON rp_rate_limits (expires_at);
