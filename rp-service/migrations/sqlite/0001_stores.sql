-- Times are whole seconds since 1970-01-01T00:00:00Z. The names' prefix leaves room for an application that
-- keeps its own tables in the same file.

CREATE TABLE rp_accounts (
    user_handle  BLOB    NOT NULL PRIMARY KEY CHECK (length(user_handle) BETWEEN 1 AND 64),
    name         TEXT    NOT NULL,
    name_key     TEXT    NOT NULL UNIQUE,
    display_name TEXT    NOT NULL,
    opened_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE rp_passkeys (
    seq                   INTEGER NOT NULL PRIMARY KEY,
    credential_id         BLOB    NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
    user_handle           BLOB    NOT NULL REFERENCES rp_accounts (user_handle) ON DELETE CASCADE,
    public_key            BLOB    NOT NULL,
    sign_count            INTEGER NOT NULL CHECK (sign_count BETWEEN 0 AND 4294967295),
    uv_initialized        INTEGER NOT NULL CHECK (uv_initialized IN (0, 1)),
    -- A JSON array of strings.
    transports            TEXT    NOT NULL,
    -- NULL where an imported record never knew.
    backup_eligible       INTEGER          CHECK (backup_eligible IN (0, 1)),
    backup_state          INTEGER NOT NULL CHECK (backup_state IN (0, 1)),
    attestation_object    BLOB,
    attestation_client_data_json BLOB,
    rp_id                 TEXT,
    aaguid                BLOB    NOT NULL CHECK (length(aaguid) = 16),
    attestation_format    TEXT    NOT NULL,
    attestation_type      TEXT    NOT NULL,
    attestation_trusted   INTEGER NOT NULL CHECK (attestation_trusted IN (0, 1)),
    nickname              TEXT,
    created_at            INTEGER NOT NULL,
    last_used_at          INTEGER,
    user_verified         INTEGER NOT NULL CHECK (user_verified IN (0, 1))
) STRICT;

CREATE INDEX rp_passkeys_of_account ON rp_passkeys (user_handle, created_at, seq);

CREATE TABLE rp_ceremonies (
    key        BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    state      BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX rp_ceremonies_by_end ON rp_ceremonies (expires_at);

CREATE TABLE rp_sessions (
    key        BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    data       BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX rp_sessions_by_end ON rp_sessions (expires_at);
