-- Who calls and what is managed: access keys, activations, managed nodes, tags.

CREATE TABLE access_key (
    access_key_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    secret_sealed BLOB NOT NULL,
    status TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX access_key_by_account ON access_key (account_id, created_ms, access_key_id);

-- The code itself is never stored, only its SHA-256.
CREATE TABLE activation (
    activation_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    code_hash BLOB NOT NULL,
    description TEXT,
    default_instance_name TEXT,
    iam_role TEXT NOT NULL,
    registration_limit INTEGER NOT NULL,
    registrations_count INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    tags TEXT NOT NULL,
    registration_metadata TEXT NOT NULL
) STRICT;

CREATE INDEX activation_by_age ON activation (account_id, region, created_ms, activation_id);

-- The id is unique over all tenants: a signature by the node's key names the node alone.
CREATE TABLE managed_node (
    node_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    activation_id TEXT,
    name TEXT,
    iam_role TEXT NOT NULL,
    registered_ms INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    public_key BLOB NOT NULL,
    public_key_type TEXT NOT NULL,
    key_generation INTEGER NOT NULL,
    key_created_ms INTEGER NOT NULL,
    previous_public_key BLOB,
    rotate_requested INTEGER NOT NULL,
    agent_name TEXT,
    agent_version TEXT,
    agent_version_key TEXT,
    agent_status TEXT,
    platform_type TEXT,
    platform_name TEXT,
    platform_version TEXT,
    computer_name TEXT,
    ip_address TEXT,
    availability_zone TEXT,
    availability_zone_id TEXT,
    connection_channel TEXT,
    last_ping_ms INTEGER,
    connected_replica TEXT,
    connection_id TEXT,
    connected_ms INTEGER,
    disconnected_ms INTEGER
) STRICT;

CREATE UNIQUE INDEX managed_node_by_tenant ON managed_node (account_id, region, node_id);
CREATE INDEX managed_node_by_replica ON managed_node (connected_replica) WHERE connected_replica IS NOT NULL;

CREATE TABLE tag (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (account_id, region, resource_type, resource_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX tag_by_value ON tag (account_id, region, resource_type, key, value, resource_id);
