-- A million users with three passkeys each: time, size, and the plan of each query. Run by `.ci/full scale`.
\set ON_ERROR_STOP on
CREATE SCHEMA scale;
SET search_path = scale;
\ir ../rp-service/migrations/postgres/0001_stores.sql
INSERT INTO rp_users
    SELECT sha512(n::text::bytea), 'User' || n, 'user' || n, 'User ' || n, 1800000000
    FROM generate_series(1, 1000000) n;
-- A public key in COSE form has about 77 bytes.
INSERT INTO rp_passkeys (
    credential_id, user_handle, public_key, sign_count, uv_initialized, transports, backup_eligible, backup_state, aaguid,
    attestation_format, attestation_type, attestation_trusted, attestation_sign_count_proven, created_at, last_used_at,
    user_verified
)
    SELECT
        sha256(('c' || n)::bytea), sha512((n % 1000000 + 1)::text::bytea),
        sha512(n::text::bytea) || '\x000102030405060708090a0b0c'::bytea, 0, true, '["internal","hybrid"]', true, true,
        '\xea9b8d664d011d213ce4b6b48cb575d4', 'none', 'none', false, false, 1800000000 + n, 1800000000, true
    FROM generate_series(1, 3000000) n;
VACUUM ANALYZE rp_users;
VACUUM ANALYZE rp_passkeys;

SELECT relname AS name, pg_size_pretty(pg_table_size(oid)) AS "table", pg_size_pretty(pg_indexes_size(oid)) AS indexes
    FROM pg_class WHERE oid IN ('rp_users'::regclass, 'rp_passkeys'::regclass);

\echo 'the user of a name'
EXPLAIN (ANALYZE, COSTS OFF) SELECT * FROM rp_users WHERE name_key = 'user777777';
\echo 'the passkeys that options list'
EXPLAIN (ANALYZE, COSTS OFF)
    SELECT credential_id, transports FROM rp_passkeys WHERE user_handle = sha512('777777'::bytea);
\echo 'the passkey of a response'
EXPLAIN (ANALYZE, COSTS OFF) SELECT * FROM rp_passkeys WHERE credential_id = sha256('c2222222'::bytea);
\echo 'the user of a passkey'
EXPLAIN (ANALYZE, COSTS OFF) SELECT * FROM rp_users WHERE user_handle = sha512('777777'::bytea);
\echo 'the counter'
EXPLAIN (ANALYZE, COSTS OFF)
    UPDATE rp_passkeys SET sign_count = 1, last_used_at = 1800000001 WHERE credential_id = sha256('c2222222'::bytea);
\echo 'a page of all passkeys'
EXPLAIN (ANALYZE, COSTS OFF)
    SELECT * FROM rp_passkeys WHERE credential_id > sha256('c2222222'::bytea) ORDER BY credential_id LIMIT 100;
