-- The first version: a table for each kind of entity. `body` is the whole entity as JSON, and what
-- reads answer with; the other columns are what it is found by, made from it with every write.
--
-- Ids are 16 bytes, times milliseconds since 1970-01-01 UTC, dates days since then, lists JSON. A
-- column that lists are sorted by holds 9223372036854775807 where there is no time.
--
-- Unique indexes are named `<table>_<field>_unique` after the last of their columns: the message of a
-- violation names columns only.

CREATE TABLE "{prefix}agency" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "subdomain" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "updated_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}agency_subdomain_unique"
    ON "{prefix}agency" ("subdomain");
CREATE INDEX "{prefix}agency_updated" ON "{prefix}agency" ("updated_at", "id");

CREATE TABLE "{prefix}client" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL REFERENCES "{prefix}agency" ("id"),
    "client_id" BLOB NOT NULL,
    "slug" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "updated_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}client_slug_unique"
    ON "{prefix}client" ("agency_id", "slug");
CREATE INDEX "{prefix}client_by_agency" ON "{prefix}client" ("agency_id", "id");
CREATE INDEX "{prefix}client_by_agency_updated" ON "{prefix}client" ("agency_id", "updated_at", "id");
CREATE INDEX "{prefix}client_by_client" ON "{prefix}client" ("client_id");

CREATE TABLE "{prefix}user" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "user_id" BLOB NOT NULL,
    "email" TEXT NOT NULL,
    "identities" TEXT,
    "updated_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}user_email_unique"
    ON "{prefix}user" ("email");
CREATE INDEX "{prefix}user_by_user" ON "{prefix}user" ("user_id");

CREATE TABLE "{prefix}membership" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_ids" TEXT,
    "user_id" BLOB NOT NULL,
    "updated_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE INDEX "{prefix}membership_by_agency" ON "{prefix}membership" ("agency_id", "id");
CREATE INDEX "{prefix}membership_by_agency_updated" ON "{prefix}membership" ("agency_id", "updated_at", "id");
CREATE INDEX "{prefix}membership_by_user" ON "{prefix}membership" ("user_id", "id");

CREATE TABLE "{prefix}invitation" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_ids" TEXT,
    "token_hash" TEXT NOT NULL,
    "is_open" INTEGER NOT NULL,
    "expires_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}invitation_token_hash_unique"
    ON "{prefix}invitation" ("token_hash");
CREATE INDEX "{prefix}invitation_by_agency" ON "{prefix}invitation" ("agency_id", "id");
CREATE INDEX "{prefix}invitation_by_agency_planned" ON "{prefix}invitation" ("agency_id", "expires_at", "id");

CREATE TABLE "{prefix}api_key" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_ids" TEXT,
    "token_hash" TEXT NOT NULL,
    "is_revoked" INTEGER NOT NULL,
    "expires_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}api_key_token_hash_unique"
    ON "{prefix}api_key" ("token_hash");
CREATE INDEX "{prefix}api_key_by_agency" ON "{prefix}api_key" ("agency_id", "id");
CREATE INDEX "{prefix}api_key_by_agency_planned" ON "{prefix}api_key" ("agency_id", "expires_at", "id");

CREATE TABLE "{prefix}social_account" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "platform" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "access_expires_at" INTEGER NOT NULL,
    "updated_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}social_account_external_id_unique"
    ON "{prefix}social_account" ("client_id", "platform", "external_id");
CREATE INDEX "{prefix}social_account_by_client" ON "{prefix}social_account" ("client_id", "id");
CREATE INDEX "{prefix}social_account_by_agency" ON "{prefix}social_account" ("agency_id", "id");
CREATE INDEX "{prefix}social_account_by_client_updated" ON "{prefix}social_account" ("client_id", "updated_at", "id");
CREATE INDEX "{prefix}social_account_by_agency_updated" ON "{prefix}social_account" ("agency_id", "updated_at", "id");
CREATE INDEX "{prefix}social_account_by_client_planned" ON "{prefix}social_account" ("client_id", "access_expires_at", "id");
CREATE INDEX "{prefix}social_account_by_agency_planned" ON "{prefix}social_account" ("agency_id", "access_expires_at", "id");
CREATE INDEX "{prefix}social_account_planned" ON "{prefix}social_account" ("access_expires_at", "id");

CREATE TABLE "{prefix}post" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "status" TEXT NOT NULL,
    "platforms" TEXT NOT NULL,
    "account_ids" TEXT NOT NULL,
    "campaign_id" BLOB,
    "category" TEXT,
    "tags" TEXT NOT NULL,
    "author_id" BLOB,
    "series_id" BLOB,
    "planned_at" INTEGER NOT NULL,
    "created_at" INTEGER NOT NULL,
    "updated_at" INTEGER NOT NULL,
    "approval_due_at" INTEGER,
    "search_text" TEXT NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE INDEX "{prefix}post_by_client" ON "{prefix}post" ("client_id", "id");
CREATE INDEX "{prefix}post_by_agency" ON "{prefix}post" ("agency_id", "id");
CREATE INDEX "{prefix}post_by_client_updated" ON "{prefix}post" ("client_id", "updated_at", "id");
CREATE INDEX "{prefix}post_by_agency_updated" ON "{prefix}post" ("agency_id", "updated_at", "id");
CREATE INDEX "{prefix}post_by_client_planned" ON "{prefix}post" ("client_id", "planned_at", "id");
CREATE INDEX "{prefix}post_by_agency_planned" ON "{prefix}post" ("agency_id", "planned_at", "id");
CREATE INDEX "{prefix}post_by_campaign" ON "{prefix}post" ("campaign_id", "id")
    WHERE campaign_id IS NOT NULL;
CREATE INDEX "{prefix}post_by_series" ON "{prefix}post" ("series_id", "id")
    WHERE series_id IS NOT NULL;
CREATE INDEX "{prefix}post_approval_due" ON "{prefix}post" ("approval_due_at", "id")
    WHERE approval_due_at IS NOT NULL;

CREATE TABLE "{prefix}revision" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "post_id" BLOB NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE INDEX "{prefix}revision_by_post" ON "{prefix}revision" ("post_id", "id");
CREATE INDEX "{prefix}revision_by_client" ON "{prefix}revision" ("client_id", "id");
CREATE INDEX "{prefix}revision_by_agency" ON "{prefix}revision" ("agency_id", "id");

CREATE TABLE "{prefix}comment" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "post_id" BLOB NOT NULL,
    "visibility" TEXT NOT NULL,
    "is_resolved" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE INDEX "{prefix}comment_by_post" ON "{prefix}comment" ("post_id", "id");
CREATE INDEX "{prefix}comment_by_client" ON "{prefix}comment" ("client_id", "id");
CREATE INDEX "{prefix}comment_by_agency" ON "{prefix}comment" ("agency_id", "id");

CREATE TABLE "{prefix}history_entry" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "post_id" BLOB NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE INDEX "{prefix}history_entry_by_post" ON "{prefix}history_entry" ("post_id", "id");
CREATE INDEX "{prefix}history_entry_by_client" ON "{prefix}history_entry" ("client_id", "id");
CREATE INDEX "{prefix}history_entry_by_agency" ON "{prefix}history_entry" ("agency_id", "id");

CREATE TABLE "{prefix}review_link" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "post_ids" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "expires_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}review_link_token_hash_unique"
    ON "{prefix}review_link" ("token_hash");
CREATE INDEX "{prefix}review_link_by_client" ON "{prefix}review_link" ("client_id", "id");
CREATE INDEX "{prefix}review_link_by_agency" ON "{prefix}review_link" ("agency_id", "id");
CREATE INDEX "{prefix}review_link_by_client_planned" ON "{prefix}review_link" ("client_id", "expires_at", "id");
CREATE INDEX "{prefix}review_link_by_agency_planned" ON "{prefix}review_link" ("agency_id", "expires_at", "id");

CREATE TABLE "{prefix}series" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "is_active" INTEGER NOT NULL,
    "updated_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE INDEX "{prefix}series_by_client" ON "{prefix}series" ("client_id", "id");
CREATE INDEX "{prefix}series_by_agency" ON "{prefix}series" ("agency_id", "id");
CREATE INDEX "{prefix}series_by_client_updated" ON "{prefix}series" ("client_id", "updated_at", "id");
CREATE INDEX "{prefix}series_by_agency_updated" ON "{prefix}series" ("agency_id", "updated_at", "id");

CREATE TABLE "{prefix}campaign" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "starts_on" INTEGER,
    "ends_on" INTEGER,
    "updated_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}campaign_name_unique"
    ON "{prefix}campaign" ("client_id", "name");
CREATE INDEX "{prefix}campaign_by_client" ON "{prefix}campaign" ("client_id", "id");
CREATE INDEX "{prefix}campaign_by_agency" ON "{prefix}campaign" ("agency_id", "id");
CREATE INDEX "{prefix}campaign_by_client_updated" ON "{prefix}campaign" ("client_id", "updated_at", "id");
CREATE INDEX "{prefix}campaign_by_agency_updated" ON "{prefix}campaign" ("agency_id", "updated_at", "id");

CREATE TABLE "{prefix}brief" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "campaign_id" BLOB NOT NULL,
    "updated_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE INDEX "{prefix}brief_by_client" ON "{prefix}brief" ("client_id", "id");
CREATE INDEX "{prefix}brief_by_agency" ON "{prefix}brief" ("agency_id", "id");
CREATE INDEX "{prefix}brief_by_client_updated" ON "{prefix}brief" ("client_id", "updated_at", "id");
CREATE INDEX "{prefix}brief_by_agency_updated" ON "{prefix}brief" ("agency_id", "updated_at", "id");
CREATE INDEX "{prefix}brief_by_campaign" ON "{prefix}brief" ("campaign_id", "id");

CREATE TABLE "{prefix}creator" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "user_id" BLOB,
    "tags" TEXT NOT NULL,
    "updated_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE INDEX "{prefix}creator_by_client" ON "{prefix}creator" ("client_id", "id");
CREATE INDEX "{prefix}creator_by_agency" ON "{prefix}creator" ("agency_id", "id");
CREATE INDEX "{prefix}creator_by_client_updated" ON "{prefix}creator" ("client_id", "updated_at", "id");
CREATE INDEX "{prefix}creator_by_agency_updated" ON "{prefix}creator" ("agency_id", "updated_at", "id");
CREATE INDEX "{prefix}creator_by_user" ON "{prefix}creator" ("user_id", "id")
    WHERE user_id IS NOT NULL;

CREATE TABLE "{prefix}task" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "board_column" TEXT NOT NULL,
    "assignee_id" BLOB,
    "campaign_id" BLOB,
    "brief_id" BLOB,
    "post_id" BLOB,
    "due_at" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "updated_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}task_post_id_unique"
    ON "{prefix}task" ("post_id");
CREATE INDEX "{prefix}task_by_client" ON "{prefix}task" ("client_id", "id");
CREATE INDEX "{prefix}task_by_agency" ON "{prefix}task" ("agency_id", "id");
CREATE INDEX "{prefix}task_by_client_updated" ON "{prefix}task" ("client_id", "updated_at", "id");
CREATE INDEX "{prefix}task_by_agency_updated" ON "{prefix}task" ("agency_id", "updated_at", "id");
CREATE INDEX "{prefix}task_by_client_planned" ON "{prefix}task" ("client_id", "due_at", "id");
CREATE INDEX "{prefix}task_by_agency_planned" ON "{prefix}task" ("agency_id", "due_at", "id");
CREATE INDEX "{prefix}task_by_client_position" ON "{prefix}task" ("client_id", "position", "id");
CREATE INDEX "{prefix}task_by_agency_position" ON "{prefix}task" ("agency_id", "position", "id");
CREATE INDEX "{prefix}task_by_brief" ON "{prefix}task" ("brief_id", "id")
    WHERE brief_id IS NOT NULL;

CREATE TABLE "{prefix}asset" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "kind" TEXT NOT NULL,
    "folder" TEXT,
    "tags" TEXT NOT NULL,
    "checksum" TEXT NOT NULL,
    "search_text" TEXT NOT NULL,
    "updated_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}asset_checksum_unique"
    ON "{prefix}asset" ("client_id", "checksum");
CREATE INDEX "{prefix}asset_by_client" ON "{prefix}asset" ("client_id", "id");
CREATE INDEX "{prefix}asset_by_agency" ON "{prefix}asset" ("agency_id", "id");
CREATE INDEX "{prefix}asset_by_client_updated" ON "{prefix}asset" ("client_id", "updated_at", "id");
CREATE INDEX "{prefix}asset_by_agency_updated" ON "{prefix}asset" ("agency_id", "updated_at", "id");

CREATE TABLE "{prefix}publish_job" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "account_id" BLOB NOT NULL,
    "post_id" BLOB NOT NULL,
    "state" TEXT NOT NULL,
    "due_at" INTEGER NOT NULL,
    "planned_at" INTEGER NOT NULL,
    "priority" INTEGER NOT NULL,
    "fence" INTEGER NOT NULL,
    "lease_until" INTEGER,
    "metrics_due_at" INTEGER,
    "body" TEXT NOT NULL
) STRICT;
CREATE INDEX "{prefix}publish_job_by_client" ON "{prefix}publish_job" ("client_id", "id");
CREATE INDEX "{prefix}publish_job_by_agency" ON "{prefix}publish_job" ("agency_id", "id");
CREATE INDEX "{prefix}publish_job_by_client_planned" ON "{prefix}publish_job" ("client_id", "planned_at", "id");
CREATE INDEX "{prefix}publish_job_by_agency_planned" ON "{prefix}publish_job" ("agency_id", "planned_at", "id");
CREATE INDEX "{prefix}publish_job_by_post" ON "{prefix}publish_job" ("post_id", "id");
CREATE INDEX "{prefix}publish_job_turn" ON "{prefix}publish_job" ("account_id", "planned_at", "priority", "id", "due_at")
    WHERE state = 'scheduled';
CREATE INDEX "{prefix}publish_job_due" ON "{prefix}publish_job" ("account_id", "due_at")
    WHERE state = 'scheduled';
CREATE INDEX "{prefix}publish_job_in_flight" ON "{prefix}publish_job" ("account_id")
    WHERE state IN ('running', 'committing');
CREATE INDEX "{prefix}publish_job_unknown" ON "{prefix}publish_job" ("due_at", "id")
    WHERE state = 'unknown';
CREATE INDEX "{prefix}publish_job_metrics_due" ON "{prefix}publish_job" ("metrics_due_at", "id")
    WHERE metrics_due_at IS NOT NULL;

CREATE TABLE "{prefix}attempt" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "job_id" BLOB NOT NULL,
    "number" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}attempt_number_unique"
    ON "{prefix}attempt" ("job_id", "number");
CREATE INDEX "{prefix}attempt_by_job" ON "{prefix}attempt" ("job_id", "id");
CREATE INDEX "{prefix}attempt_by_client" ON "{prefix}attempt" ("client_id", "id");
CREATE INDEX "{prefix}attempt_by_agency" ON "{prefix}attempt" ("agency_id", "id");

CREATE TABLE "{prefix}snapshot" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "account_id" BLOB NOT NULL,
    "job_id" BLOB,
    "post_id" BLOB,
    "campaign_id" BLOB,
    "taken_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}snapshot_taken_at_unique"
    ON "{prefix}snapshot" ("account_id", "job_id", "taken_at") WHERE job_id IS NOT NULL;
CREATE UNIQUE INDEX "{prefix}snapshot_account_taken_at_unique"
    ON "{prefix}snapshot" ("account_id", "taken_at") WHERE job_id IS NULL;
CREATE INDEX "{prefix}snapshot_by_client" ON "{prefix}snapshot" ("client_id", "id");
CREATE INDEX "{prefix}snapshot_by_agency" ON "{prefix}snapshot" ("agency_id", "id");
CREATE INDEX "{prefix}snapshot_by_client_planned" ON "{prefix}snapshot" ("client_id", "taken_at", "id");
CREATE INDEX "{prefix}snapshot_by_agency_planned" ON "{prefix}snapshot" ("agency_id", "taken_at", "id");
CREATE INDEX "{prefix}snapshot_by_account_planned" ON "{prefix}snapshot" ("account_id", "taken_at", "id");
CREATE INDEX "{prefix}snapshot_by_account" ON "{prefix}snapshot" ("account_id", "id");
CREATE INDEX "{prefix}snapshot_by_post_planned" ON "{prefix}snapshot" ("post_id", "taken_at", "id")
    WHERE post_id IS NOT NULL;
CREATE INDEX "{prefix}snapshot_by_campaign_planned" ON "{prefix}snapshot" ("campaign_id", "taken_at", "id")
    WHERE campaign_id IS NOT NULL;

CREATE TABLE "{prefix}rollup" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "subject" TEXT NOT NULL,
    "day" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}rollup_day_unique"
    ON "{prefix}rollup" ("client_id", "subject", "day");
CREATE INDEX "{prefix}rollup_by_client" ON "{prefix}rollup" ("client_id", "id");
CREATE INDEX "{prefix}rollup_by_agency" ON "{prefix}rollup" ("agency_id", "id");
CREATE INDEX "{prefix}rollup_by_client_planned" ON "{prefix}rollup" ("client_id", "day", "id");
CREATE INDEX "{prefix}rollup_by_agency_planned" ON "{prefix}rollup" ("agency_id", "day", "id");
CREATE INDEX "{prefix}rollup_by_subject_planned" ON "{prefix}rollup" ("subject", "day", "id");

CREATE TABLE "{prefix}notification" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "user_id" BLOB NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB,
    "topic" TEXT NOT NULL,
    "is_read" INTEGER NOT NULL,
    "send_at" INTEGER,
    "incident" TEXT NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}notification_incident_unique"
    ON "{prefix}notification" ("user_id", "incident");
CREATE INDEX "{prefix}notification_by_user" ON "{prefix}notification" ("user_id", "id");
CREATE INDEX "{prefix}notification_unread" ON "{prefix}notification" ("user_id", "id")
    WHERE is_read = 0;
CREATE INDEX "{prefix}notification_send_due" ON "{prefix}notification" ("send_at", "id")
    WHERE send_at IS NOT NULL;

CREATE TABLE "{prefix}webhook_endpoint" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_ids" TEXT,
    "is_active" INTEGER NOT NULL,
    "updated_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE INDEX "{prefix}webhook_endpoint_by_agency" ON "{prefix}webhook_endpoint" ("agency_id", "id");
CREATE INDEX "{prefix}webhook_endpoint_by_agency_updated" ON "{prefix}webhook_endpoint" ("agency_id", "updated_at", "id");

CREATE TABLE "{prefix}delivery" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "endpoint_id" BLOB NOT NULL,
    "event_id" BLOB NOT NULL,
    "status" TEXT NOT NULL,
    "next_at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "{prefix}delivery_event_id_unique"
    ON "{prefix}delivery" ("endpoint_id", "event_id");
CREATE INDEX "{prefix}delivery_by_endpoint" ON "{prefix}delivery" ("endpoint_id", "id");
CREATE INDEX "{prefix}delivery_by_endpoint_planned" ON "{prefix}delivery" ("endpoint_id", "next_at", "id");
CREATE INDEX "{prefix}delivery_by_agency" ON "{prefix}delivery" ("agency_id", "id");
CREATE INDEX "{prefix}delivery_by_agency_planned" ON "{prefix}delivery" ("agency_id", "next_at", "id");
CREATE INDEX "{prefix}delivery_planned" ON "{prefix}delivery" ("next_at", "id");

CREATE TABLE "{prefix}event" (
    "position" INTEGER PRIMARY KEY AUTOINCREMENT,
    "id" BLOB NOT NULL UNIQUE,
    "version" INTEGER NOT NULL,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "user_id" BLOB,
    "at" INTEGER NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE INDEX "{prefix}event_by_client" ON "{prefix}event" ("client_id", "id")
    WHERE client_id IS NOT NULL;
CREATE INDEX "{prefix}event_by_agency" ON "{prefix}event" ("agency_id", "id");
CREATE INDEX "{prefix}event_by_subject" ON "{prefix}event" ("subject", "id");
CREATE INDEX "{prefix}event_by_user" ON "{prefix}event" ("user_id", "id")
    WHERE user_id IS NOT NULL;

CREATE TABLE "{prefix}duty" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE INDEX "{prefix}duty_by_name" ON "{prefix}duty" ("name", "id");

CREATE TABLE "{prefix}rate_budget" (
    "id" BLOB NOT NULL PRIMARY KEY,
    "version" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "body" TEXT NOT NULL
) STRICT;
CREATE INDEX "{prefix}rate_budget_by_key" ON "{prefix}rate_budget" ("key", "id");

-- A person's sign-ins elsewhere, each of which may stand once.
CREATE TABLE "{prefix}user_identity" (
    "identity" TEXT NOT NULL PRIMARY KEY,
    "user_id" BLOB NOT NULL REFERENCES "{prefix}user" ("id") ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX "{prefix}user_identity_by_user" ON "{prefix}user_identity" ("user_id");

-- What may start for each account, and when.
CREATE TABLE "{prefix}account_lane" (
    "account_id" BLOB NOT NULL PRIMARY KEY,
    "agency_id" BLOB NOT NULL,
    "client_id" BLOB NOT NULL,
    "ready_at" INTEGER,
    "in_flight" INTEGER NOT NULL,
    "max_in_flight" INTEGER NOT NULL,
    "blocked_until" INTEGER,
    "min_gap_ms" INTEGER NOT NULL,
    "next_gap_at" INTEGER,
    "paused" TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX "{prefix}account_lane_ready" ON "{prefix}account_lane" ("ready_at", "account_id", "client_id")
    WHERE ready_at IS NOT NULL;

-- What plans count; `month` is empty for what is not counted by the month.
CREATE TABLE "{prefix}meter" (
    "agency_id" BLOB NOT NULL,
    "meter" TEXT NOT NULL,
    "month" TEXT NOT NULL DEFAULT '',
    "used" INTEGER NOT NULL,
    PRIMARY KEY ("agency_id", "meter", "month")
) STRICT, WITHOUT ROWID;

-- How selective each index is: rows, then rows for one value of its first column, of its first two,
-- and so on. So plans are the same in a new file as in a full one: a client before its agency, what
-- is due before what is not.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('{prefix}agency', '{prefix}agency_subdomain_unique', '10000 1'),
    ('{prefix}agency', '{prefix}agency_updated', '10000 1 1'),
    ('{prefix}client', '{prefix}client_slug_unique', '100000 100 1'),
    ('{prefix}client', '{prefix}client_by_agency', '100000 100 1'),
    ('{prefix}client', '{prefix}client_by_agency_updated', '100000 100 1 1'),
    ('{prefix}client', '{prefix}client_by_client', '100000 1'),
    ('{prefix}user', '{prefix}user_email_unique', '100000 1'),
    ('{prefix}user', '{prefix}user_by_user', '100000 1'),
    ('{prefix}membership', '{prefix}membership_by_agency', '100000 50 1'),
    ('{prefix}membership', '{prefix}membership_by_agency_updated', '100000 50 1 1'),
    ('{prefix}membership', '{prefix}membership_by_user', '100000 2 1'),
    ('{prefix}invitation', '{prefix}invitation_token_hash_unique', '100000 1'),
    ('{prefix}invitation', '{prefix}invitation_by_agency', '100000 50 1'),
    ('{prefix}invitation', '{prefix}invitation_by_agency_planned', '100000 50 1 1'),
    ('{prefix}api_key', '{prefix}api_key_token_hash_unique', '100000 1'),
    ('{prefix}api_key', '{prefix}api_key_by_agency', '100000 50 1'),
    ('{prefix}api_key', '{prefix}api_key_by_agency_planned', '100000 50 1 1'),
    ('{prefix}social_account', '{prefix}social_account_external_id_unique', '100000 10 1 1'),
    ('{prefix}social_account', '{prefix}social_account_by_client', '100000 10 1'),
    ('{prefix}social_account', '{prefix}social_account_by_agency', '100000 500 1'),
    ('{prefix}social_account', '{prefix}social_account_by_client_updated', '100000 10 2 1'),
    ('{prefix}social_account', '{prefix}social_account_by_agency_updated', '100000 500 5 1'),
    ('{prefix}social_account', '{prefix}social_account_by_client_planned', '100000 10 2 1'),
    ('{prefix}social_account', '{prefix}social_account_by_agency_planned', '100000 500 5 1'),
    ('{prefix}social_account', '{prefix}social_account_planned', '100000 2 1'),
    ('{prefix}post', '{prefix}post_by_client', '1000000 1000 1'),
    ('{prefix}post', '{prefix}post_by_agency', '1000000 50000 1'),
    ('{prefix}post', '{prefix}post_by_client_updated', '1000000 1000 2 1'),
    ('{prefix}post', '{prefix}post_by_agency_updated', '1000000 50000 5 1'),
    ('{prefix}post', '{prefix}post_by_client_planned', '1000000 1000 2 1'),
    ('{prefix}post', '{prefix}post_by_agency_planned', '1000000 50000 5 1'),
    ('{prefix}post', '{prefix}post_by_campaign', '200000 100 1'),
    ('{prefix}post', '{prefix}post_by_series', '200000 100 1'),
    ('{prefix}post', '{prefix}post_approval_due', '1000 2 1'),
    ('{prefix}revision', '{prefix}revision_by_post', '1000000 5 1'),
    ('{prefix}revision', '{prefix}revision_by_client', '1000000 1000 1'),
    ('{prefix}revision', '{prefix}revision_by_agency', '1000000 50000 1'),
    ('{prefix}comment', '{prefix}comment_by_post', '1000000 5 1'),
    ('{prefix}comment', '{prefix}comment_by_client', '1000000 1000 1'),
    ('{prefix}comment', '{prefix}comment_by_agency', '1000000 50000 1'),
    ('{prefix}history_entry', '{prefix}history_entry_by_post', '1000000 5 1'),
    ('{prefix}history_entry', '{prefix}history_entry_by_client', '1000000 1000 1'),
    ('{prefix}history_entry', '{prefix}history_entry_by_agency', '1000000 50000 1'),
    ('{prefix}review_link', '{prefix}review_link_token_hash_unique', '100000 1'),
    ('{prefix}review_link', '{prefix}review_link_by_client', '100000 100 1'),
    ('{prefix}review_link', '{prefix}review_link_by_agency', '100000 5000 1'),
    ('{prefix}review_link', '{prefix}review_link_by_client_planned', '100000 100 2 1'),
    ('{prefix}review_link', '{prefix}review_link_by_agency_planned', '100000 5000 5 1'),
    ('{prefix}series', '{prefix}series_by_client', '100000 20 1'),
    ('{prefix}series', '{prefix}series_by_agency', '100000 500 1'),
    ('{prefix}series', '{prefix}series_by_client_updated', '100000 20 2 1'),
    ('{prefix}series', '{prefix}series_by_agency_updated', '100000 500 5 1'),
    ('{prefix}campaign', '{prefix}campaign_name_unique', '100000 20 1'),
    ('{prefix}campaign', '{prefix}campaign_by_client', '100000 20 1'),
    ('{prefix}campaign', '{prefix}campaign_by_agency', '100000 500 1'),
    ('{prefix}campaign', '{prefix}campaign_by_client_updated', '100000 20 2 1'),
    ('{prefix}campaign', '{prefix}campaign_by_agency_updated', '100000 500 5 1'),
    ('{prefix}brief', '{prefix}brief_by_client', '100000 50 1'),
    ('{prefix}brief', '{prefix}brief_by_agency', '100000 1000 1'),
    ('{prefix}brief', '{prefix}brief_by_client_updated', '100000 50 2 1'),
    ('{prefix}brief', '{prefix}brief_by_agency_updated', '100000 1000 5 1'),
    ('{prefix}brief', '{prefix}brief_by_campaign', '100000 5 1'),
    ('{prefix}creator', '{prefix}creator_by_client', '100000 20 1'),
    ('{prefix}creator', '{prefix}creator_by_agency', '100000 500 1'),
    ('{prefix}creator', '{prefix}creator_by_client_updated', '100000 20 2 1'),
    ('{prefix}creator', '{prefix}creator_by_agency_updated', '100000 500 5 1'),
    ('{prefix}creator', '{prefix}creator_by_user', '10000 2 1'),
    ('{prefix}task', '{prefix}task_post_id_unique', '500000 1'),
    ('{prefix}task', '{prefix}task_by_client', '500000 500 1'),
    ('{prefix}task', '{prefix}task_by_agency', '500000 20000 1'),
    ('{prefix}task', '{prefix}task_by_client_updated', '500000 500 2 1'),
    ('{prefix}task', '{prefix}task_by_agency_updated', '500000 20000 5 1'),
    ('{prefix}task', '{prefix}task_by_client_planned', '500000 500 2 1'),
    ('{prefix}task', '{prefix}task_by_agency_planned', '500000 20000 5 1'),
    ('{prefix}task', '{prefix}task_by_client_position', '500000 500 2 1'),
    ('{prefix}task', '{prefix}task_by_agency_position', '500000 20000 5 1'),
    ('{prefix}task', '{prefix}task_by_brief', '100000 5 1'),
    ('{prefix}asset', '{prefix}asset_checksum_unique', '1000000 1000 1'),
    ('{prefix}asset', '{prefix}asset_by_client', '1000000 1000 1'),
    ('{prefix}asset', '{prefix}asset_by_agency', '1000000 50000 1'),
    ('{prefix}asset', '{prefix}asset_by_client_updated', '1000000 1000 2 1'),
    ('{prefix}asset', '{prefix}asset_by_agency_updated', '1000000 50000 5 1'),
    ('{prefix}publish_job', '{prefix}publish_job_by_client', '1000000 1000 1'),
    ('{prefix}publish_job', '{prefix}publish_job_by_agency', '1000000 50000 1'),
    ('{prefix}publish_job', '{prefix}publish_job_by_client_planned', '1000000 1000 2 1'),
    ('{prefix}publish_job', '{prefix}publish_job_by_agency_planned', '1000000 50000 5 1'),
    ('{prefix}publish_job', '{prefix}publish_job_by_post', '1000000 2 1'),
    ('{prefix}publish_job', '{prefix}publish_job_turn', '50000 100 2 1 1 1'),
    ('{prefix}publish_job', '{prefix}publish_job_due', '50000 100 2'),
    ('{prefix}publish_job', '{prefix}publish_job_in_flight', '200 1'),
    ('{prefix}publish_job', '{prefix}publish_job_unknown', '100 2 1'),
    ('{prefix}publish_job', '{prefix}publish_job_metrics_due', '10000 2 1'),
    ('{prefix}attempt', '{prefix}attempt_number_unique', '1000000 5 1'),
    ('{prefix}attempt', '{prefix}attempt_by_job', '1000000 5 1'),
    ('{prefix}attempt', '{prefix}attempt_by_client', '1000000 1000 1'),
    ('{prefix}attempt', '{prefix}attempt_by_agency', '1000000 50000 1'),
    ('{prefix}snapshot', '{prefix}snapshot_taken_at_unique', '10000000 1000 100 1'),
    ('{prefix}snapshot', '{prefix}snapshot_account_taken_at_unique', '10000000 1000 1'),
    ('{prefix}snapshot', '{prefix}snapshot_by_client', '10000000 10000 1'),
    ('{prefix}snapshot', '{prefix}snapshot_by_agency', '10000000 200000 1'),
    ('{prefix}snapshot', '{prefix}snapshot_by_client_planned', '10000000 10000 2 1'),
    ('{prefix}snapshot', '{prefix}snapshot_by_agency_planned', '10000000 200000 5 1'),
    ('{prefix}snapshot', '{prefix}snapshot_by_account_planned', '10000000 1000 2 1'),
    ('{prefix}snapshot', '{prefix}snapshot_by_account', '10000000 1000 1'),
    ('{prefix}snapshot', '{prefix}snapshot_by_post_planned', '10000000 50 1 1'),
    ('{prefix}snapshot', '{prefix}snapshot_by_campaign_planned', '5000000 1000 2 1'),
    ('{prefix}rollup', '{prefix}rollup_day_unique', '1000000 1000 100 1'),
    ('{prefix}rollup', '{prefix}rollup_by_client', '1000000 1000 1'),
    ('{prefix}rollup', '{prefix}rollup_by_agency', '1000000 50000 1'),
    ('{prefix}rollup', '{prefix}rollup_by_client_planned', '1000000 1000 2 1'),
    ('{prefix}rollup', '{prefix}rollup_by_agency_planned', '1000000 50000 5 1'),
    ('{prefix}rollup', '{prefix}rollup_by_subject_planned', '1000000 100 1 1'),
    ('{prefix}notification', '{prefix}notification_incident_unique', '1000000 500 1'),
    ('{prefix}notification', '{prefix}notification_by_user', '1000000 500 1'),
    ('{prefix}notification', '{prefix}notification_unread', '100000 50 1'),
    ('{prefix}notification', '{prefix}notification_send_due', '1000 2 1'),
    ('{prefix}webhook_endpoint', '{prefix}webhook_endpoint_by_agency', '10000 10 1'),
    ('{prefix}webhook_endpoint', '{prefix}webhook_endpoint_by_agency_updated', '10000 10 1 1'),
    ('{prefix}delivery', '{prefix}delivery_event_id_unique', '1000000 1000 1'),
    ('{prefix}delivery', '{prefix}delivery_by_endpoint', '1000000 1000 1'),
    ('{prefix}delivery', '{prefix}delivery_by_endpoint_planned', '1000000 1000 5 1'),
    ('{prefix}delivery', '{prefix}delivery_by_agency', '1000000 50000 1'),
    ('{prefix}delivery', '{prefix}delivery_by_agency_planned', '1000000 50000 5 1'),
    ('{prefix}delivery', '{prefix}delivery_planned', '1000000 5 1'),
    ('{prefix}event', '{prefix}event_by_client', '1000000 1000 1'),
    ('{prefix}event', '{prefix}event_by_agency', '1000000 50000 1'),
    ('{prefix}event', '{prefix}event_by_subject', '1000000 10 1'),
    ('{prefix}event', '{prefix}event_by_user', '1000000 1000 1'),
    ('{prefix}duty', '{prefix}duty_by_name', '1000 1 1'),
    ('{prefix}rate_budget', '{prefix}rate_budget_by_key', '1000 1 1'),
    ('{prefix}account_lane', '{prefix}account_lane_ready', '1000 5 1 1');
