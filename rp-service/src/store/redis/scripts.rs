//! The scripts, each of which the server runs as one step. The last argument is the prefix of the keys.

use std::sync::LazyLock;

use redis::Script;
use rp_core::Timestamp;

pub(super) struct Scripts {
    pub(super) put_ceremony: Script,
    pub(super) take_ceremony: Script,
    pub(super) sweep_ceremonies: Script,
    pub(super) record_use: Script,
    pub(super) attempt: Script,
    pub(super) replace_session: Script,
    pub(super) load_session: Script,
    pub(super) touch_session: Script,
    pub(super) require_user_verification: Script,
    pub(super) end_session: Script,
    pub(super) end_sessions: Script,
    pub(super) list_sessions: Script,
    pub(super) sweep_sessions: Script,
}

pub(super) static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| Scripts {
    put_ceremony: Script::new(
        "redis.call('SET', KEYS[1], ARGV[1])
        redis.call('EXPIREAT', KEYS[1], ARGV[3])
        redis.call('ZADD', KEYS[2], ARGV[2], ARGV[4])
        return redis.status_reply('OK')",
    ),
    take_ceremony: Script::new(
        "local value = redis.call('GET', KEYS[1])
        redis.call('DEL', KEYS[1])
        redis.call('ZREM', KEYS[2], ARGV[1])
        return value",
    ),
    sweep_ceremonies: Script::new(
        "local prefix = ARGV[#ARGV]
        local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
        for _, key in ipairs(over) do
            redis.call('DEL', prefix .. 'ceremony:' .. key)
            redis.call('ZREM', KEYS[1], key)
        end
        return #over",
    ),
    record_use: Script::new(
        "local recorded = redis.call('SETNX', KEYS[1], 1)
        if recorded == 1 then
            redis.call('EXPIREAT', KEYS[1], ARGV[1])
        end
        return recorded",
    ),
    // The operation, the time, the end of a window that starts now, the limit, the time of deletion
    attempt: Script::new(
        "local now, window_end, limit = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
        local attempts = tonumber(redis.call('HGET', KEYS[1], 'attempts') or 0)
        local ends = tonumber(redis.call('HGET', KEYS[1], 'end') or 0)
        if ends <= now then
            attempts, ends = 0, window_end
        end
        if ARGV[1] == 'forgive' then
            if attempts > 0 then
                redis.call('HINCRBY', KEYS[1], 'attempts', -1)
            end
            return 0
        end
        if attempts >= limit then
            return ends - now
        end
        if ARGV[1] == 'count' then
            redis.call('HSET', KEYS[1], 'attempts', attempts + 1, 'end', ends)
            if attempts == 0 then
                redis.call('EXPIREAT', KEYS[1], ARGV[5])
            end
        end
        return 0",
    ),
    // The old key or nothing, the new key, and the fields
    replace_session: session(
        "local old, new = ARGV[1], ARGV[2]
        if old ~= '' and exists(old) == 0 or exists(new) == 1 then
            return 0
        end
        local holder = redis.call('GET', prefix .. 'session-id:' .. ARGV[3])
        if holder and holder ~= old and exists(holder) == 1 then
            return 0
        end
        if old ~= '' then
            remove(old)
        end
        redis.call('HSET', session(new), 'id', ARGV[3], 'user', ARGV[4], 'last', ARGV[5], 'end', ARGV[6],
            'uv', ARGV[7], 'credential', ARGV[8], 'details', ARGV[9])
        redis.call('SET', prefix .. 'session-id:' .. ARGV[3], new)
        redis.call('SADD', prefix .. 'user:' .. ARGV[4], new)
        lives_until(new, ARGV[6], ARGV[10])
        return 1",
    ),
    // The key and the time
    load_session: session(
        "local fields = load(ARGV[1])
        local now = tonumber(ARGV[2])
        if fields and (tonumber(fields[4]) < now or tonumber(fields[4]) < tonumber(fields[3])) then
            remove(ARGV[1])
            return false
        end
        return fields",
    ),
    // The key, the time of use, the new end
    touch_session: session(
        "local fields = load(ARGV[1])
        if not fields then
            return 0
        end
        local used, last, ends = tonumber(ARGV[2]), tonumber(fields[3]), tonumber(fields[4])
        if ends < used or ends < last then
            return 0
        end
        if last <= used then
            redis.call('HSET', session(ARGV[1]), 'last', ARGV[2], 'end', ARGV[3])
            lives_until(ARGV[1], ARGV[3], ARGV[4])
        end
        return 1",
    ),
    require_user_verification: session(
        "if exists(ARGV[1]) == 0 then
            return 0
        end
        redis.call('HSET', session(ARGV[1]), 'uv', 1)
        return 1",
    ),
    end_session: session("return remove(ARGV[1])"),
    // The user, the condition and its value
    end_sessions: session(
        "local ended = 0
        for _, key in ipairs(redis.call('SMEMBERS', prefix .. 'user:' .. ARGV[1])) do
            local fields = load(key)
            if not fields then
                redis.call('SREM', prefix .. 'user:' .. ARGV[1], key)
            elseif ARGV[2] == 'only' and fields[1] == ARGV[3]
                or ARGV[2] == 'except' and fields[1] ~= ARGV[3]
                or ARGV[2] == 'credential' and fields[6] == ARGV[3] then
                ended = ended + remove(key)
            end
        end
        return ended",
    ),
    list_sessions: session(
        "local list = {}
        for _, key in ipairs(redis.call('SMEMBERS', prefix .. 'user:' .. ARGV[1])) do
            local fields = load(key)
            if fields then
                list[#list + 1] = fields
            end
        end
        return list",
    ),
    sweep_sessions: session(
        "local over =
            redis.call('ZRANGEBYSCORE', prefix .. 'sessions', '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
        for _, key in ipairs(over) do
            remove(key)
            redis.call('ZREM', prefix .. 'sessions', key)
        end
        return #over",
    ),
});

/// A script that works on sessions: hashes, with an index by ID, one by user and one by end.
fn session(script: &str) -> Script {
    Script::new(&format!("{SESSIONS}\n{script}"))
}

const SESSIONS: &str = "local prefix = ARGV[#ARGV]
    local function session(key)
        return prefix .. 'session:' .. key
    end
    local function exists(key)
        return redis.call('EXISTS', session(key))
    end
    local function load(key)
        local fields =
            redis.call('HMGET', session(key), 'id', 'user', 'last', 'end', 'uv', 'credential', 'details')
        return fields[1] and fields
    end
    local function remove(key)
        local fields = load(key)
        if not fields then
            return 0
        end
        if redis.call('GET', prefix .. 'session-id:' .. fields[1]) == key then
            redis.call('DEL', prefix .. 'session-id:' .. fields[1])
        end
        redis.call('SREM', prefix .. 'user:' .. fields[2], key)
        redis.call('ZREM', prefix .. 'sessions', key)
        return redis.call('DEL', session(key))
    end
    -- Entries are deleted some time after the end; the index of a user with the last of the sessions
    local function lives_until(key, ends, grace)
        local fields = load(key)
        local deleted = tonumber(ends) + tonumber(grace)
        redis.call('ZADD', prefix .. 'sessions', ends, key)
        redis.call('EXPIREAT', session(key), deleted)
        redis.call('EXPIREAT', prefix .. 'session-id:' .. fields[1], deleted)
        local user = prefix .. 'user:' .. fields[2]
        local now = tonumber(redis.call('TIME')[1])
        if now + redis.call('TTL', user) < deleted then
            redis.call('EXPIREAT', user, deleted)
        end
    end";

/// A time as the scripts compare it.
pub(super) fn number(time: Timestamp) -> i64 {
    time.as_unix_seconds()
}
