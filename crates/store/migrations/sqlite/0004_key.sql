-- Data keys under the master key, and the keys of KMS.

-- Which master key the installation has. One row. A replica that still has the one before opens hand_over with its data
-- keys: the new master key's file, sealed.
CREATE TABLE master_key (
    slot INTEGER NOT NULL PRIMARY KEY,
    master_key_id TEXT NOT NULL,
    hand_over BLOB,
    created_ms INTEGER NOT NULL
) STRICT;

-- The newest whose active_ms has come seals; all of them open.
CREATE TABLE data_key (
    number INTEGER NOT NULL PRIMARY KEY,
    created_ms INTEGER NOT NULL,
    active_ms INTEGER NOT NULL
) STRICT;

-- While the master key changes, a data key is wrapped by both.
CREATE TABLE data_key_wrapping (
    number INTEGER NOT NULL,
    master_key_id TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (number, master_key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE kms_key (
    key_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    -- CUSTOMER, or AWS for those that a service made for itself.
    manager TEXT NOT NULL,
    description TEXT NOT NULL,
    state TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    deletion_ms INTEGER,
    deletion_window_days INTEGER,
    material_id TEXT NOT NULL,
    rotation_period_days INTEGER,
    next_rotation_ms INTEGER,
    policy TEXT NOT NULL,
    policy_revision INTEGER NOT NULL,
    -- Whether it ever had a grant: spares everybody else the look.
    has_grants INTEGER NOT NULL
) STRICT;

CREATE INDEX kms_key_by_tenant ON kms_key (account_id, region, key_id);
CREATE INDEX kms_key_deletion ON kms_key (deletion_ms) WHERE deletion_ms IS NOT NULL;
CREATE INDEX kms_key_rotation ON kms_key (next_rotation_ms) WHERE next_rotation_ms IS NOT NULL;

-- What a key encrypts with; the newest one does, all of them decrypt.
CREATE TABLE kms_material (
    key_id TEXT NOT NULL,
    material_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    -- AUTOMATIC or ON_DEMAND; null for the first.
    rotation TEXT,
    PRIMARY KEY (key_id, material_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE kms_alias (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    alias_name TEXT NOT NULL,
    key_id TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, region, alias_name)
) STRICT, WITHOUT ROWID;

CREATE INDEX kms_alias_by_key ON kms_alias (key_id, alias_name);

CREATE TABLE kms_grant (
    key_id TEXT NOT NULL,
    grant_id TEXT NOT NULL,
    name TEXT,
    grantee TEXT NOT NULL,
    retiring TEXT,
    issuing_account TEXT NOT NULL,
    -- JSON: a list of words, and the constraints or null.
    operations TEXT NOT NULL,
    constraints TEXT,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (key_id, grant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX kms_grant_by_grantee ON kms_grant (key_id, grantee);
CREATE INDEX kms_grant_by_retiring ON kms_grant (retiring, grant_id) WHERE retiring IS NOT NULL;
