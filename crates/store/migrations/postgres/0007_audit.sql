-- The sealed files of the audit trail. The files are in the blob store; here is what is known of each.

-- A file, in its place in the chain of its account. Its hash covers the row and the hash of the file before it.
CREATE TABLE IF NOT EXISTS audit_file (
    account_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    region TEXT NOT NULL,
    blob_key TEXT NOT NULL,
    first_ms BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    events BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    sealed_ms BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    -- What can be looked up in it: a Bloom filter.
    summary BYTEA NOT NULL,
    previous_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (account_id, sequence)
);
CREATE UNIQUE INDEX IF NOT EXISTS audit_file_by_key ON audit_file (blob_key);
CREATE INDEX IF NOT EXISTS audit_file_by_time ON audit_file (account_id, region, last_ms, sequence);

-- The two ends of an account's chain. The anchor is the hash of the last file that retention removed, and the proof
-- a keyed hash of the row: files cut off at either end show. Breaks counts how often they did when the next was sealed.
CREATE TABLE IF NOT EXISTS audit_chain (
    account_id TEXT NOT NULL PRIMARY KEY,
    first_sequence BIGINT NOT NULL,
    anchor BYTEA NOT NULL,
    last_sequence BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    removed_events BIGINT NOT NULL,
    breaks BIGINT NOT NULL,
    proof BYTEA NOT NULL
);
