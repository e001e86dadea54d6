-- Commands, their invocations, and what each step of an invocation left behind.

-- A command. Counts and finished_ms are filled once, when its last invocation is terminal; until then its status
-- is computed from its invocations.
CREATE TABLE IF NOT EXISTS command (
    command_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    document_name TEXT NOT NULL,
    requested_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    -- The request as its caller sees it again: JSON.
    request TEXT NOT NULL,
    -- What each node gets: the job's content, JSON.
    job_content TEXT NOT NULL,
    target_count BIGINT NOT NULL,
    max_concurrency BIGINT NOT NULL,
    max_errors BIGINT NOT NULL,
    status TEXT NOT NULL,
    status_details TEXT NOT NULL,
    completed_count BIGINT NOT NULL,
    error_count BIGINT NOT NULL,
    delivery_timed_out_count BIGINT NOT NULL,
    cancel_requested_ms BIGINT,
    finished_ms BIGINT
);
CREATE INDEX IF NOT EXISTS command_by_time ON command (account_id, region, requested_ms, command_id);
CREATE INDEX IF NOT EXISTS command_open ON command (command_id) WHERE finished_ms IS NULL;

-- One command on one node. Waiting (not released), released, delivered (acknowledged by the node), finished.
CREATE TABLE IF NOT EXISTS invocation (
    command_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    node_name TEXT NOT NULL,
    requested_ms BIGINT NOT NULL,
    status TEXT NOT NULL,
    status_details TEXT NOT NULL,
    released BIGINT NOT NULL,
    delivered_ms BIGINT,
    started_ms BIGINT,
    finished_ms BIGINT,
    -- When the server ends it by itself: the end of delivery until it is delivered, then the end of execution.
    deadline_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    cancel_id TEXT,
    cancel_delivered_ms BIGINT,
    trace_output TEXT NOT NULL,
    PRIMARY KEY (command_id, node_id)
);
CREATE INDEX IF NOT EXISTS invocation_by_node ON invocation (account_id, region, node_id, requested_ms, command_id);
CREATE INDEX IF NOT EXISTS invocation_by_time ON invocation (account_id, region, requested_ms, command_id, node_id);
CREATE INDEX IF NOT EXISTS invocation_outbox ON invocation (node_id, requested_ms)
    WHERE finished_ms IS NULL AND delivered_ms IS NULL AND released = 1;
CREATE INDEX IF NOT EXISTS invocation_cancellation ON invocation (node_id)
    WHERE cancel_id IS NOT NULL AND cancel_delivered_ms IS NULL;
CREATE INDEX IF NOT EXISTS invocation_deadline ON invocation (deadline_ms) WHERE finished_ms IS NULL;

-- What one step of an invocation left. Outputs are bytes: a program may print anything.
CREATE TABLE IF NOT EXISTS invocation_step (
    command_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    step_id TEXT NOT NULL,
    plugin TEXT NOT NULL,
    status TEXT NOT NULL,
    status_details TEXT NOT NULL,
    response_code BIGINT NOT NULL,
    started_ms BIGINT,
    finished_ms BIGINT,
    output BYTEA NOT NULL,
    stdout BYTEA NOT NULL,
    stderr BYTEA NOT NULL,
    PRIMARY KEY (command_id, node_id, step_id)
);

-- Full outputs in the blob store, for streams longer than what a reply carries.
CREATE TABLE IF NOT EXISTS invocation_output (
    command_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    step_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    stored_ms BIGINT NOT NULL,
    PRIMARY KEY (command_id, node_id, step_id, stream)
);
CREATE INDEX IF NOT EXISTS command_finished ON command (finished_ms) WHERE finished_ms IS NOT NULL;
