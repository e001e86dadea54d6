-- Accounts and their identities. Names of identities are unique whatever their case: `*_key` is the name in lower case.
-- Every change of an identity raises the account's `iam_revision` first, so changes of one account happen one by one.

CREATE TABLE IF NOT EXISTS account (
    account_id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    iam_revision BIGINT NOT NULL,
    alias TEXT
);

CREATE UNIQUE INDEX IF NOT EXISTS account_by_alias ON account (alias) WHERE alias IS NOT NULL;

-- Without a user, a key is the root's.
ALTER TABLE access_key ADD COLUMN IF NOT EXISTS user_name TEXT;
ALTER TABLE access_key ADD COLUMN IF NOT EXISTS last_used_ms BIGINT;
ALTER TABLE access_key ADD COLUMN IF NOT EXISTS last_used_region TEXT;
ALTER TABLE access_key ADD COLUMN IF NOT EXISTS last_used_service TEXT;

CREATE INDEX IF NOT EXISTS access_key_by_user ON access_key (account_id, user_name, created_ms, access_key_id);

CREATE TABLE IF NOT EXISTS iam_user (
    account_id TEXT NOT NULL,
    user_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    boundary_arn TEXT,
    PRIMARY KEY (account_id, user_key)
);

CREATE UNIQUE INDEX IF NOT EXISTS iam_user_by_id ON iam_user (user_id);

CREATE TABLE IF NOT EXISTS iam_group (
    account_id TEXT NOT NULL,
    group_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    group_id TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (account_id, group_key)
);

CREATE TABLE IF NOT EXISTS iam_membership (
    account_id TEXT NOT NULL,
    group_key TEXT NOT NULL,
    user_key TEXT NOT NULL,
    PRIMARY KEY (account_id, group_key, user_key)
);

CREATE INDEX IF NOT EXISTS iam_membership_by_user ON iam_membership (account_id, user_key, group_key);

CREATE TABLE IF NOT EXISTS iam_role (
    account_id TEXT NOT NULL,
    role_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    role_id TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    trust_policy TEXT NOT NULL,
    trust_principals TEXT NOT NULL,
    description TEXT,
    max_session_seconds BIGINT NOT NULL,
    boundary_arn TEXT,
    last_used_ms BIGINT,
    last_used_region TEXT,
    PRIMARY KEY (account_id, role_key)
);

CREATE UNIQUE INDEX IF NOT EXISTS iam_role_by_id ON iam_role (role_id);

CREATE TABLE IF NOT EXISTS iam_policy (
    account_id TEXT NOT NULL,
    policy_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    policy_id TEXT NOT NULL,
    arn TEXT NOT NULL,
    description TEXT,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    default_version BIGINT NOT NULL,
    newest_version BIGINT NOT NULL,
    PRIMARY KEY (account_id, policy_key)
);

CREATE UNIQUE INDEX IF NOT EXISTS iam_policy_by_arn ON iam_policy (arn);

CREATE TABLE IF NOT EXISTS iam_policy_version (
    account_id TEXT NOT NULL,
    policy_key TEXT NOT NULL,
    version BIGINT NOT NULL,
    document TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (account_id, policy_key, version)
);

-- `entity_kind` is user, group or role.
CREATE TABLE IF NOT EXISTS iam_inline_policy (
    account_id TEXT NOT NULL,
    entity_kind TEXT NOT NULL,
    entity_key TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (account_id, entity_kind, entity_key, name)
);

-- The policy is one of the account, or one that AWS manages.
CREATE TABLE IF NOT EXISTS iam_attachment (
    account_id TEXT NOT NULL,
    entity_kind TEXT NOT NULL,
    entity_key TEXT NOT NULL,
    policy_arn TEXT NOT NULL,
    PRIMARY KEY (account_id, entity_kind, entity_key, policy_arn)
);

CREATE INDEX IF NOT EXISTS iam_attachment_by_policy ON iam_attachment (account_id, policy_arn, entity_kind, entity_key);

CREATE TABLE IF NOT EXISTS iam_instance_profile (
    account_id TEXT NOT NULL,
    profile_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    profile_id TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    role_key TEXT,
    PRIMARY KEY (account_id, profile_key)
);

CREATE INDEX IF NOT EXISTS iam_instance_profile_by_role ON iam_instance_profile (account_id, role_key) WHERE role_key IS NOT NULL;
