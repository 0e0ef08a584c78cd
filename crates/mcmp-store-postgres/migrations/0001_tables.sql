-- A table for each kind of entity: the whole entity in "body", and a column for all that it is found
-- and sorted by. Times are milliseconds since 1970-01-01T00:00Z; 9223372036854775807 in what lists
-- are sorted by stands for no time. Texts are compared byte for byte.

-- Agencies, and who works there.

CREATE TABLE agency (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    subdomain text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    updated_at bigint NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT agency_subdomain_unique UNIQUE (subdomain)
);
CREATE INDEX agency_status ON agency (status, id);

CREATE TABLE client (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    slug text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    updated_at bigint NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT client_slug_unique UNIQUE (agency_id, slug)
);
CREATE INDEX client_agency_id ON client (agency_id, id);
CREATE INDEX client_agency_id_updated_at ON client (agency_id, updated_at, id);
CREATE INDEX client_client_id ON client (client_id, id);
CREATE INDEX client_client_id_updated_at ON client (client_id, updated_at, id);
CREATE INDEX client_status ON client (status, id);

CREATE TABLE "user" (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    user_id uuid NOT NULL,
    email text COLLATE "C" NOT NULL,
    identities text[] COLLATE "C" NOT NULL,
    updated_at bigint NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT user_email_unique UNIQUE (email)
);
CREATE INDEX user_user_id ON "user" (user_id, id);

-- A sign-in elsewhere stands for one person.
CREATE TABLE user_identity (
    identity text COLLATE "C" CONSTRAINT user_identity_unique PRIMARY KEY,
    user_id uuid NOT NULL
);
CREATE INDEX user_identity_user_id ON user_identity (user_id);

CREATE TABLE membership (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_ids uuid[],
    user_id uuid NOT NULL,
    updated_at bigint NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX membership_user_id ON membership (user_id, id);
CREATE INDEX membership_agency_id ON membership (agency_id, id);
CREATE INDEX membership_agency_id_updated_at ON membership (agency_id, updated_at, id);

CREATE TABLE invitation (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_ids uuid[],
    token_hash text COLLATE "C" NOT NULL,
    is_open boolean NOT NULL,
    expires_at bigint NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT invitation_token_hash_unique UNIQUE (token_hash)
);
CREATE INDEX invitation_agency_id ON invitation (agency_id, id);
CREATE INDEX invitation_agency_id_expires_at ON invitation (agency_id, expires_at, id);

CREATE TABLE api_key (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_ids uuid[],
    token_hash text COLLATE "C" NOT NULL,
    is_revoked boolean NOT NULL,
    expires_at bigint NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT api_key_token_hash_unique UNIQUE (token_hash)
);
CREATE INDEX api_key_agency_id ON api_key (agency_id, id);
CREATE INDEX api_key_agency_id_expires_at ON api_key (agency_id, expires_at, id);

-- Accounts, posts, and what belongs to a post.

CREATE TABLE social_account (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    platform text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    access_expires_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT social_account_external_id_unique UNIQUE (client_id, platform, external_id)
);
CREATE INDEX social_account_client_id ON social_account (client_id, id);
CREATE INDEX social_account_client_id_access_expires_at ON social_account (client_id, access_expires_at, id);
CREATE INDEX social_account_client_id_updated_at ON social_account (client_id, updated_at, id);
CREATE INDEX social_account_agency_id ON social_account (agency_id, id);
CREATE INDEX social_account_agency_id_access_expires_at ON social_account (agency_id, access_expires_at, id);
CREATE INDEX social_account_agency_id_updated_at ON social_account (agency_id, updated_at, id);
CREATE INDEX social_account_access_expires_at ON social_account (access_expires_at, id) WHERE access_expires_at < 9223372036854775807;

CREATE TABLE post (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    status text COLLATE "C" NOT NULL,
    platforms text[] COLLATE "C" NOT NULL,
    account_ids uuid[] NOT NULL,
    campaign_id uuid,
    category text COLLATE "C",
    tags text[] COLLATE "C" NOT NULL,
    author_id uuid,
    series_id uuid,
    planned_at bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    approval_due_at bigint,
    search_text text COLLATE "C" NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX post_client_id ON post (client_id, id);
CREATE INDEX post_client_id_planned_at ON post (client_id, planned_at, id);
CREATE INDEX post_client_id_updated_at ON post (client_id, updated_at, id);
CREATE INDEX post_agency_id ON post (agency_id, id);
CREATE INDEX post_agency_id_planned_at ON post (agency_id, planned_at, id);
CREATE INDEX post_agency_id_updated_at ON post (agency_id, updated_at, id);
CREATE INDEX post_status ON post (status, id);
CREATE INDEX post_campaign_id ON post (campaign_id, id) WHERE campaign_id IS NOT NULL;
CREATE INDEX post_series_id ON post (series_id, id) WHERE series_id IS NOT NULL;
CREATE INDEX post_approval_due_at ON post (approval_due_at, id) WHERE approval_due_at IS NOT NULL;

CREATE TABLE revision (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    post_id uuid NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX revision_post_id ON revision (post_id, id);
CREATE INDEX revision_client_id ON revision (client_id, id);
CREATE INDEX revision_agency_id ON revision (agency_id, id);

CREATE TABLE comment (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    post_id uuid NOT NULL,
    visibility text COLLATE "C" NOT NULL,
    is_resolved boolean NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX comment_post_id ON comment (post_id, id);
CREATE INDEX comment_client_id ON comment (client_id, id);
CREATE INDEX comment_agency_id ON comment (agency_id, id);

CREATE TABLE history_entry (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    post_id uuid NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX history_entry_post_id ON history_entry (post_id, id);
CREATE INDEX history_entry_client_id ON history_entry (client_id, id);
CREATE INDEX history_entry_agency_id ON history_entry (agency_id, id);

CREATE TABLE review_link (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    post_ids uuid[] NOT NULL,
    token_hash text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT review_link_token_hash_unique UNIQUE (token_hash)
);
CREATE INDEX review_link_client_id ON review_link (client_id, id);
CREATE INDEX review_link_client_id_expires_at ON review_link (client_id, expires_at, id);
CREATE INDEX review_link_agency_id ON review_link (agency_id, id);
CREATE INDEX review_link_agency_id_expires_at ON review_link (agency_id, expires_at, id);

CREATE TABLE series (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    is_active boolean NOT NULL,
    updated_at bigint NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX series_client_id ON series (client_id, id);
CREATE INDEX series_client_id_updated_at ON series (client_id, updated_at, id);
CREATE INDEX series_agency_id ON series (agency_id, id);
CREATE INDEX series_agency_id_updated_at ON series (agency_id, updated_at, id);
CREATE INDEX series_active ON series (id) WHERE is_active;

-- What is planned.

CREATE TABLE campaign (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    starts_on bigint,
    ends_on bigint,
    updated_at bigint NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT campaign_name_unique UNIQUE (client_id, name)
);
CREATE INDEX campaign_client_id ON campaign (client_id, id);
CREATE INDEX campaign_client_id_updated_at ON campaign (client_id, updated_at, id);
CREATE INDEX campaign_agency_id ON campaign (agency_id, id);
CREATE INDEX campaign_agency_id_updated_at ON campaign (agency_id, updated_at, id);

CREATE TABLE brief (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    updated_at bigint NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX brief_campaign_id ON brief (campaign_id, id);
CREATE INDEX brief_client_id ON brief (client_id, id);
CREATE INDEX brief_client_id_updated_at ON brief (client_id, updated_at, id);
CREATE INDEX brief_agency_id ON brief (agency_id, id);
CREATE INDEX brief_agency_id_updated_at ON brief (agency_id, updated_at, id);

CREATE TABLE creator (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    user_id uuid,
    tags text[] COLLATE "C" NOT NULL,
    updated_at bigint NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX creator_client_id ON creator (client_id, id);
CREATE INDEX creator_client_id_updated_at ON creator (client_id, updated_at, id);
CREATE INDEX creator_agency_id ON creator (agency_id, id);
CREATE INDEX creator_agency_id_updated_at ON creator (agency_id, updated_at, id);
CREATE INDEX creator_user_id ON creator (user_id, id) WHERE user_id IS NOT NULL;

CREATE TABLE task (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    board_column text COLLATE "C" NOT NULL,
    assignee_id uuid,
    campaign_id uuid,
    brief_id uuid,
    post_id uuid,
    due_at bigint NOT NULL,
    position bigint NOT NULL,
    updated_at bigint NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT task_post_id_unique UNIQUE (post_id)
);
CREATE INDEX task_client_id ON task (client_id, id);
CREATE INDEX task_client_id_due_at ON task (client_id, due_at, id);
CREATE INDEX task_client_id_position ON task (client_id, position, id);
CREATE INDEX task_client_id_updated_at ON task (client_id, updated_at, id);
CREATE INDEX task_agency_id ON task (agency_id, id);
CREATE INDEX task_agency_id_due_at ON task (agency_id, due_at, id);
CREATE INDEX task_agency_id_position ON task (agency_id, position, id);
CREATE INDEX task_agency_id_updated_at ON task (agency_id, updated_at, id);
CREATE INDEX task_assignee_id ON task (assignee_id, id) WHERE assignee_id IS NOT NULL;
CREATE INDEX task_campaign_id ON task (campaign_id, id) WHERE campaign_id IS NOT NULL;
CREATE INDEX task_brief_id ON task (brief_id, id) WHERE brief_id IS NOT NULL;

CREATE TABLE asset (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    folder text COLLATE "C",
    tags text[] COLLATE "C" NOT NULL,
    checksum text COLLATE "C" NOT NULL,
    search_text text COLLATE "C" NOT NULL,
    updated_at bigint NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT asset_checksum_unique UNIQUE (client_id, checksum)
);
CREATE INDEX asset_client_id ON asset (client_id, id);
CREATE INDEX asset_client_id_updated_at ON asset (client_id, updated_at, id);
CREATE INDEX asset_agency_id ON asset (agency_id, id);
CREATE INDEX asset_agency_id_updated_at ON asset (agency_id, updated_at, id);

-- What goes out, and the numbers that come back. Jobs and lanes are rewritten often: they leave room for
-- updates in place, and are cleaned early.

CREATE TABLE publish_job (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    account_id uuid NOT NULL,
    post_id uuid NOT NULL,
    state text COLLATE "C" NOT NULL,
    due_at bigint NOT NULL,
    planned_at bigint NOT NULL,
    priority bigint NOT NULL,
    fence bigint NOT NULL,
    lease_until bigint,
    metrics_due_at bigint,
    body jsonb NOT NULL
) WITH (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000
);
CREATE INDEX publish_job_client_id ON publish_job (client_id, id);
CREATE INDEX publish_job_client_id_planned_at ON publish_job (client_id, planned_at, id);
CREATE INDEX publish_job_agency_id_planned_at ON publish_job (agency_id, planned_at, id);
CREATE INDEX publish_job_post_id ON publish_job (post_id, id);
CREATE INDEX publish_job_turn ON publish_job (account_id, planned_at, priority, id) WHERE state = 'scheduled';
CREATE INDEX publish_job_due ON publish_job (account_id, due_at) WHERE state = 'scheduled';
CREATE INDEX publish_job_in_flight ON publish_job (account_id) WHERE state IN ('running', 'committing');
CREATE INDEX publish_job_unknown ON publish_job (due_at, id) WHERE state = 'unknown';
CREATE INDEX publish_job_metrics_due ON publish_job (metrics_due_at, id) WHERE metrics_due_at IS NOT NULL;

CREATE TABLE account_lane (
    account_id uuid PRIMARY KEY,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    ready_at bigint,
    in_flight bigint NOT NULL,
    max_in_flight bigint NOT NULL,
    blocked_until bigint,
    min_gap_ms bigint NOT NULL,
    next_gap_at bigint,
    paused text[] NOT NULL
) WITH (
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000
);
CREATE INDEX account_lane_ready_at ON account_lane (ready_at, account_id) WHERE ready_at IS NOT NULL;

CREATE TABLE attempt (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    job_id uuid NOT NULL,
    number bigint NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT attempt_number_unique UNIQUE (job_id, number)
);
CREATE INDEX attempt_client_id ON attempt (client_id, id);
CREATE INDEX attempt_agency_id ON attempt (agency_id, id);

CREATE TABLE snapshot (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    account_id uuid NOT NULL,
    job_id uuid,
    post_id uuid,
    campaign_id uuid,
    taken_at bigint NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT snapshot_taken_at_unique UNIQUE NULLS NOT DISTINCT (account_id, job_id, taken_at)
);
CREATE INDEX snapshot_client_id ON snapshot (client_id, id);
CREATE INDEX snapshot_client_id_taken_at ON snapshot (client_id, taken_at, id);
CREATE INDEX snapshot_account_id ON snapshot (account_id, id);
CREATE INDEX snapshot_account_id_taken_at ON snapshot (account_id, taken_at, id);
CREATE INDEX snapshot_post_id_taken_at ON snapshot (post_id, taken_at, id) WHERE post_id IS NOT NULL;
CREATE INDEX snapshot_campaign_id_taken_at ON snapshot (campaign_id, taken_at, id) WHERE campaign_id IS NOT NULL;

CREATE TABLE rollup (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    subject text COLLATE "C" NOT NULL,
    day bigint NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT rollup_day_unique UNIQUE (client_id, subject, day)
);
CREATE INDEX rollup_client_id ON rollup (client_id, id);
CREATE INDEX rollup_client_id_day ON rollup (client_id, day, id);
CREATE INDEX rollup_client_id_subject_day ON rollup (client_id, subject, day, id);

-- Who is told.

CREATE TABLE notification (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    user_id uuid NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid,
    topic text COLLATE "C" NOT NULL,
    is_read boolean NOT NULL,
    send_at bigint,
    incident text COLLATE "C" NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT notification_incident_unique UNIQUE (user_id, incident)
);
CREATE INDEX notification_user_id ON notification (user_id, id);
CREATE INDEX notification_send_at ON notification (send_at, id) WHERE send_at IS NOT NULL;

CREATE TABLE webhook_endpoint (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_ids uuid[],
    is_active boolean NOT NULL,
    updated_at bigint NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX webhook_endpoint_agency_id ON webhook_endpoint (agency_id, id);
CREATE INDEX webhook_endpoint_agency_id_updated_at ON webhook_endpoint (agency_id, updated_at, id);

CREATE TABLE delivery (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_id uuid NOT NULL,
    status text COLLATE "C" NOT NULL,
    next_at bigint NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT delivery_event_id_unique UNIQUE (endpoint_id, event_id)
);
CREATE INDEX delivery_endpoint_id ON delivery (endpoint_id, id);
CREATE INDEX delivery_endpoint_id_next_at ON delivery (endpoint_id, next_at, id);
CREATE INDEX delivery_agency_id ON delivery (agency_id, id);
CREATE INDEX delivery_agency_id_next_at ON delivery (agency_id, next_at, id);
CREATE INDEX delivery_next_at ON delivery (next_at, id) WHERE next_at < 9223372036854775807;

CREATE TABLE event (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    agency_id uuid NOT NULL,
    client_id uuid,
    kind text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    user_id uuid,
    at bigint NOT NULL,
    body jsonb NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT event_position_unique UNIQUE (position)
);
CREATE INDEX event_agency_id ON event (agency_id, id);
CREATE INDEX event_client_id ON event (client_id, id) WHERE client_id IS NOT NULL;
CREATE INDEX event_subject ON event (subject, id);

-- Where events stand in the order of commits; the first one comes after what the sequence begins
-- with, so that "not yet counted" is never a place of an event.
CREATE SEQUENCE event_position CACHE 1;
SELECT nextval('event_position');

-- What the engine keeps for itself.

CREATE TABLE duty (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    body jsonb NOT NULL
);

CREATE TABLE rate_budget (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    body jsonb NOT NULL
);

CREATE TABLE meter (
    agency_id uuid,
    meter text COLLATE "C",
    month text COLLATE "C" NOT NULL DEFAULT '',
    used bigint NOT NULL,
    PRIMARY KEY (agency_id, meter, month)
);

-- Who sees and writes what: the same as Scope::sees and Scope::may_write, said once more where
-- no statement gets around it. A transaction says in settings of its own what it reaches:
--   mcmp.reach     everything, agency, clients or person
--   mcmp.agency    the agency, for agency and clients
--   mcmp.clients   the clients, as an array, for clients
--   mcmp.person    the person whose own record and notifications are seen
-- A transaction without them sees nothing. Each stands in a sub-select, to be read once for a
-- statement and not once for a row. FORCE is for the role that owns the tables.
DO $policies$
DECLARE
    everything CONSTANT text := $$(SELECT current_setting('mcmp.reach', true)) = 'everything'$$;
    whole_agency CONSTANT text := $$(SELECT current_setting('mcmp.reach', true)) = 'agency'
        AND agency_id = (SELECT nullif(current_setting('mcmp.agency', true), '')::uuid)$$;
    some_clients CONSTANT text := $$(SELECT current_setting('mcmp.reach', true)) = 'clients'
        AND agency_id = (SELECT nullif(current_setting('mcmp.agency', true), '')::uuid)$$;
    clients CONSTANT text := $$(SELECT nullif(current_setting('mcmp.clients', true), '')::uuid[])$$;
    in_person CONSTANT text :=
        $$user_id = (SELECT nullif(current_setting('mcmp.person', true), '')::uuid)$$;
    its_client CONSTANT text := format('%s AND client_id = ANY (%s::uuid[])', some_clients, clients);
    kind record;
BEGIN
    FOR kind IN
        SELECT unnest(tables) AS name, seen, written FROM (VALUES
            (ARRAY['agency'],
            format('%s OR %s OR %s', everything, whole_agency, some_clients),
            format('%s OR %s', everything, whole_agency)),
            (ARRAY['meter'],
            format('%s OR %s OR %s', everything, whole_agency, some_clients),
            format('%s OR %s OR %s', everything, whole_agency, some_clients)),
            (ARRAY['delivery'],
            format('%s OR %s', everything, whole_agency),
            format('%s OR %s', everything, whole_agency)),
            (ARRAY[
                'client', 'social_account', 'post', 'revision', 'comment', 'history_entry',
                'review_link', 'series', 'campaign', 'brief', 'creator', 'task', 'asset', 'publish_job',
                'attempt', 'snapshot', 'rollup', 'account_lane'
            ],
            format('%s OR %s OR %s', everything, whole_agency, its_client),
            format('%s OR %s OR %s', everything, whole_agency, its_client)),
            (ARRAY['membership', 'invitation', 'api_key', 'webhook_endpoint'],
            format('%s OR %s OR %s AND client_ids && %s', everything, whole_agency, some_clients, clients),
            format('%s OR %s OR %s AND client_ids <@ %s', everything, whole_agency, some_clients, clients)),
            (ARRAY['user', 'user_identity'],
            format('%s OR %s', everything, in_person),
            format('%s OR %s', everything, in_person)),
            (ARRAY['notification'],
            format('%s OR %s', everything, in_person),
            format('%s OR %s OR %s OR %s OR %s AND client_id IS NULL',
                everything, in_person, whole_agency, its_client, some_clients)),
            (ARRAY['event'],
            format('%s OR %s OR %s', everything, whole_agency, its_client),
            format('%s OR %s OR %s OR %s AND client_id IS NULL',
                everything, whole_agency, its_client, some_clients)),
            (ARRAY['duty', 'rate_budget'],
            everything,
            everything)
        ) AS kinds (tables, seen, written)
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', kind.name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', kind.name);
        EXECUTE format(
            'CREATE POLICY tenant ON %I USING (%s) WITH CHECK (%s)',
            kind.name, kind.seen, kind.written
        );
    END LOOP;
END
$policies$;
