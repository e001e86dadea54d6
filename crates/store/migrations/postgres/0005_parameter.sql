-- Parameters: the latest version with all that a reader wants in one row, every kept version, labels, and how many
-- parameters of each tier a tenant has.

-- `path` is the name with a leading slash, because `x` and `/x` are one parameter; `name` is what its maker wrote.
-- `parent` is the path before the last slash, empty at the root. `value` is UTF-8, of a SecureString the ciphertext.
-- `revision` counts changes of everything that a writer decides by: all but value, version and description.
-- `due_ms` is when a policy next has something to do.
CREATE TABLE IF NOT EXISTS parameter (
    account_id TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    parent TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    tier TEXT COLLATE "C" NOT NULL,
    data_type TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C",
    allowed_pattern TEXT COLLATE "C",
    policies TEXT COLLATE "C",
    description TEXT COLLATE "C",
    value BYTEA NOT NULL,
    version BIGINT NOT NULL,
    modified_ms BIGINT NOT NULL,
    modified_by TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    due_ms BIGINT,
    PRIMARY KEY (account_id, region, path)
);

CREATE INDEX IF NOT EXISTS parameter_by_parent ON parameter (account_id, region, parent, path);
CREATE INDEX IF NOT EXISTS parameter_by_due ON parameter (due_ms) WHERE due_ms IS NOT NULL;

-- The latest version is here, too.
CREATE TABLE IF NOT EXISTS parameter_version (
    account_id TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    tier TEXT COLLATE "C" NOT NULL,
    data_type TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C",
    allowed_pattern TEXT COLLATE "C",
    policies TEXT COLLATE "C",
    description TEXT COLLATE "C",
    value BYTEA NOT NULL,
    modified_ms BIGINT NOT NULL,
    modified_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, region, path, version)
);

CREATE TABLE IF NOT EXISTS parameter_label (
    account_id TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (account_id, region, path, label)
);

CREATE TABLE IF NOT EXISTS parameter_usage (
    account_id TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    tier TEXT COLLATE "C" NOT NULL,
    parameters BIGINT NOT NULL,
    PRIMARY KEY (account_id, region, tier)
);

-- What parameters are shared by. `hash` names the document as it is, so that nobody overwrites what they have not seen.
CREATE TABLE IF NOT EXISTS parameter_resource_policy (
    account_id TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    policy_id TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, region, path, policy_id)
);

-- The accounts that a policy is about, for lists of what is shared with an account.
CREATE TABLE IF NOT EXISTS parameter_share (
    principal_account TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    policy_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (principal_account, region, account_id, path, policy_id)
);

CREATE INDEX IF NOT EXISTS parameter_share_by_owner ON parameter_share (account_id, region, path);

-- Settings that differ from the defaults.
CREATE TABLE IF NOT EXISTS service_setting (
    account_id TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    setting_id TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    modified_ms BIGINT NOT NULL,
    modified_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, region, setting_id)
);
