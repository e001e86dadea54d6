-- Events and messages on their way out, who gets them, and what could not be delivered.

-- An event of the service (no topic), or a message of a topic, until the last of its deliveries ended.
-- spread_ms: when its deliveries were made; null: not yet.
CREATE TABLE event (
    event_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    topic TEXT,
    time_ms INTEGER NOT NULL,
    content TEXT NOT NULL,
    spread_ms INTEGER
) STRICT;

CREATE INDEX event_waiting ON event (time_ms, event_id) WHERE spread_ms IS NULL;
CREATE INDEX event_spread ON event (spread_ms) WHERE spread_ms IS NOT NULL;

CREATE TABLE event_target (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    destination TEXT NOT NULL,
    pattern TEXT,
    secret_sealed BLOB,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, region, name)
) STRICT;

-- The lane is what one recipient's deliveries have in common: they share its fate, and nobody else does.
-- A claim is a due time in the future and the replica that set it.
CREATE TABLE delivery (
    delivery_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    destination TEXT NOT NULL,
    event_id TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    claimed_by TEXT
) STRICT;

CREATE INDEX delivery_by_lane ON delivery (lane, due_ms, delivery_id);
CREATE INDEX delivery_by_event ON delivery (event_id);

CREATE TABLE failed_delivery (
    delivery_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    destination TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    message TEXT NOT NULL,
    failed_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX failed_delivery_by_tenant ON failed_delivery (account_id, region, failed_ms, delivery_id);
CREATE INDEX failed_delivery_by_age ON failed_delivery (failed_ms);

-- Attributes are those that were set, as a JSON object.
CREATE TABLE topic (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    attributes TEXT NOT NULL,
    version INTEGER NOT NULL,
    subscriptions_deleted INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, region, name)
) STRICT;

-- Account and region are the topic's. expires_ms: of a subscription that waits to be confirmed.
CREATE TABLE subscription (
    subscription_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    topic TEXT NOT NULL,
    owner_account_id TEXT NOT NULL,
    principal_arn TEXT NOT NULL,
    protocol TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    expires_ms INTEGER,
    authenticated INTEGER NOT NULL,
    authenticate_on_unsubscribe INTEGER NOT NULL,
    attributes TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX subscription_by_topic ON subscription (account_id, region, topic, subscription_id);
CREATE UNIQUE INDEX subscription_by_endpoint ON subscription (account_id, region, topic, protocol, endpoint, owner_account_id);
CREATE INDEX subscription_by_owner ON subscription (owner_account_id, region, subscription_id);
CREATE INDEX subscription_waiting ON subscription (expires_ms) WHERE expires_ms IS NOT NULL;

-- The keys that sign messages, the newest in use; old ones stay for who verifies late.
CREATE TABLE message_key (
    key_id TEXT NOT NULL PRIMARY KEY,
    private_sealed BLOB NOT NULL,
    certificate TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
