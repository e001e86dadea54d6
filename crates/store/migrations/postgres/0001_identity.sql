-- Who calls and what is managed: access keys, activations, managed nodes, tags.

CREATE TABLE IF NOT EXISTS access_key (
    access_key_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL,
    secret_sealed BYTEA NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS access_key_by_account ON access_key (account_id, created_ms, access_key_id);

-- The code itself is never stored, only its SHA-256.
CREATE TABLE IF NOT EXISTS activation (
    activation_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    code_hash BYTEA NOT NULL,
    description TEXT COLLATE "C",
    default_instance_name TEXT COLLATE "C",
    iam_role TEXT COLLATE "C" NOT NULL,
    registration_limit BIGINT NOT NULL,
    registrations_count BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    tags TEXT COLLATE "C" NOT NULL,
    registration_metadata TEXT COLLATE "C" NOT NULL
);

CREATE INDEX IF NOT EXISTS activation_by_age ON activation (account_id, region, created_ms, activation_id);

-- The id is unique over all tenants: a signature by the node's key names the node alone.
CREATE TABLE IF NOT EXISTS managed_node (
    node_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    activation_id TEXT COLLATE "C",
    name TEXT COLLATE "C",
    iam_role TEXT COLLATE "C" NOT NULL,
    registered_ms BIGINT NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    public_key BYTEA NOT NULL,
    public_key_type TEXT COLLATE "C" NOT NULL,
    key_generation BIGINT NOT NULL,
    key_created_ms BIGINT NOT NULL,
    previous_public_key BYTEA,
    rotate_requested BIGINT NOT NULL,
    agent_name TEXT COLLATE "C",
    agent_version TEXT COLLATE "C",
    agent_version_key TEXT COLLATE "C",
    agent_status TEXT COLLATE "C",
    platform_type TEXT COLLATE "C",
    platform_name TEXT COLLATE "C",
    platform_version TEXT COLLATE "C",
    computer_name TEXT COLLATE "C",
    ip_address TEXT COLLATE "C",
    availability_zone TEXT COLLATE "C",
    availability_zone_id TEXT COLLATE "C",
    connection_channel TEXT COLLATE "C",
    last_ping_ms BIGINT,
    connected_replica TEXT COLLATE "C",
    connection_id TEXT COLLATE "C",
    connected_ms BIGINT,
    disconnected_ms BIGINT
);

CREATE UNIQUE INDEX IF NOT EXISTS managed_node_by_tenant ON managed_node (account_id, region, node_id);
CREATE INDEX IF NOT EXISTS managed_node_by_replica ON managed_node (connected_replica) WHERE connected_replica IS NOT NULL;

CREATE TABLE IF NOT EXISTS tag (
    account_id TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    resource_type TEXT COLLATE "C" NOT NULL,
    resource_id TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, region, resource_type, resource_id, key)
);

CREATE INDEX IF NOT EXISTS tag_by_value ON tag (account_id, region, resource_type, key, value, resource_id);
