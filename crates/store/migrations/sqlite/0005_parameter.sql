-- Parameters: the latest version with all that a reader wants in one row, every kept version, labels, and how many
-- parameters of each tier a tenant has.

-- `path` is the name with a leading slash, because `x` and `/x` are one parameter; `name` is what its maker wrote.
-- `parent` is the path before the last slash, empty at the root. `value` is UTF-8, of a SecureString the ciphertext.
-- `revision` counts changes of everything that a writer decides by: all but value, version and description.
-- `due_ms` is when a policy next has something to do.
CREATE TABLE parameter (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    path TEXT NOT NULL,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    tier TEXT NOT NULL,
    data_type TEXT NOT NULL,
    key_id TEXT,
    allowed_pattern TEXT,
    policies TEXT,
    description TEXT,
    value BLOB NOT NULL,
    version INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL,
    modified_by TEXT NOT NULL,
    revision INTEGER NOT NULL,
    due_ms INTEGER,
    PRIMARY KEY (account_id, region, path)
) STRICT;

CREATE INDEX parameter_by_parent ON parameter (account_id, region, parent, path);
CREATE INDEX parameter_by_due ON parameter (due_ms) WHERE due_ms IS NOT NULL;

-- The latest version is here, too.
CREATE TABLE parameter_version (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    path TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    tier TEXT NOT NULL,
    data_type TEXT NOT NULL,
    key_id TEXT,
    allowed_pattern TEXT,
    policies TEXT,
    description TEXT,
    value BLOB NOT NULL,
    modified_ms INTEGER NOT NULL,
    modified_by TEXT NOT NULL,
    PRIMARY KEY (account_id, region, path, version)
) STRICT;

CREATE TABLE parameter_label (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    path TEXT NOT NULL,
    label TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account_id, region, path, label)
) STRICT;

CREATE TABLE parameter_usage (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    tier TEXT NOT NULL,
    parameters INTEGER NOT NULL,
    PRIMARY KEY (account_id, region, tier)
) STRICT;

-- What parameters are shared by. `hash` names the document as it is, so that nobody overwrites what they have not seen.
CREATE TABLE parameter_resource_policy (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    path TEXT NOT NULL,
    policy_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (account_id, region, path, policy_id)
) STRICT;

-- The accounts that a policy is about, for lists of what is shared with an account.
CREATE TABLE parameter_share (
    principal_account TEXT NOT NULL,
    region TEXT NOT NULL,
    account_id TEXT NOT NULL,
    path TEXT NOT NULL,
    policy_id TEXT NOT NULL,
    PRIMARY KEY (principal_account, region, account_id, path, policy_id)
) STRICT;

CREATE INDEX parameter_share_by_owner ON parameter_share (account_id, region, path);

-- Settings that differ from the defaults.
CREATE TABLE service_setting (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    setting_id TEXT NOT NULL,
    value TEXT NOT NULL,
    modified_ms INTEGER NOT NULL,
    modified_by TEXT NOT NULL,
    PRIMARY KEY (account_id, region, setting_id)
) STRICT;
