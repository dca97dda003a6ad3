//! FIDO Metadata Service: verify, hold, query, refresh.
