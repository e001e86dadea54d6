-- Data keys under the master key, and the keys of KMS.

-- Which master key the installation has. One row. A replica that still has the one before opens hand_over with its data
-- keys: the new master key's file, sealed.
CREATE TABLE IF NOT EXISTS master_key (
    slot BIGINT NOT NULL PRIMARY KEY,
    master_key_id TEXT NOT NULL,
    hand_over BYTEA,
    created_ms BIGINT NOT NULL
);

-- The newest whose active_ms has come seals; all of them open.
CREATE TABLE IF NOT EXISTS data_key (
    number BIGINT NOT NULL PRIMARY KEY,
    created_ms BIGINT NOT NULL,
    active_ms BIGINT NOT NULL
);

-- While the master key changes, a data key is wrapped by both.
CREATE TABLE IF NOT EXISTS data_key_wrapping (
    number BIGINT NOT NULL,
    master_key_id TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY (number, master_key_id)
);

CREATE TABLE IF NOT EXISTS kms_key (
    key_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    -- CUSTOMER, or AWS for those that a service made for itself.
    manager TEXT NOT NULL,
    description TEXT NOT NULL,
    state TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    deletion_ms BIGINT,
    deletion_window_days BIGINT,
    material_id TEXT NOT NULL,
    rotation_period_days BIGINT,
    next_rotation_ms BIGINT,
    policy TEXT NOT NULL,
    policy_revision BIGINT NOT NULL,
    -- Whether it ever had a grant: spares everybody else the look.
    has_grants BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS kms_key_by_tenant ON kms_key (account_id, region, key_id);
CREATE INDEX IF NOT EXISTS kms_key_deletion ON kms_key (deletion_ms) WHERE deletion_ms IS NOT NULL;
CREATE INDEX IF NOT EXISTS kms_key_rotation ON kms_key (next_rotation_ms) WHERE next_rotation_ms IS NOT NULL;

-- What a key encrypts with; the newest one does, all of them decrypt.
CREATE TABLE IF NOT EXISTS kms_material (
    key_id TEXT NOT NULL,
    material_id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_ms BIGINT NOT NULL,
    -- AUTOMATIC or ON_DEMAND; null for the first.
    rotation TEXT,
    PRIMARY KEY (key_id, material_id)
);

CREATE TABLE IF NOT EXISTS kms_alias (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    alias_name TEXT NOT NULL,
    key_id TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (account_id, region, alias_name)
);

CREATE INDEX IF NOT EXISTS kms_alias_by_key ON kms_alias (key_id, alias_name);

CREATE TABLE IF NOT EXISTS kms_grant (
    key_id TEXT NOT NULL,
    grant_id TEXT NOT NULL,
    name TEXT,
    grantee TEXT NOT NULL,
    retiring TEXT,
    issuing_account TEXT NOT NULL,
    -- JSON: a list of words, and the constraints or null.
    operations TEXT NOT NULL,
    constraints TEXT,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (key_id, grant_id)
);

CREATE INDEX IF NOT EXISTS kms_grant_by_grantee ON kms_grant (key_id, grantee);
CREATE INDEX IF NOT EXISTS kms_grant_by_retiring ON kms_grant (retiring, grant_id) WHERE retiring IS NOT NULL;
