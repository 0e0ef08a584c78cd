-- Only where each client has a schema of its own. Content is partitioned by client; a client's
-- partitions lie in its schema, so that dropping the schema erases it. Jobs, lanes, accounts, the log
-- and what is the agency's stay as they are. Statements stay the same: they name the tables, and a
-- client where they know it.

-- An id stands once over all clients, and says whose it is.
CREATE TABLE entity_directory (
    id uuid,
    kind text COLLATE "C",
    agency_id uuid NOT NULL,
    client_id uuid NOT NULL,
    PRIMARY KEY (id, kind)
);
CREATE INDEX entity_directory_client_id ON entity_directory (client_id);

CREATE FUNCTION register_entity() RETURNS trigger
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO entity_directory VALUES (NEW.id, TG_ARGV[0], NEW.agency_id, NEW.client_id)
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE unique_violation USING
            MESSAGE = 'the id is taken', TABLE = TG_ARGV[0], CONSTRAINT = TG_ARGV[0] || '_pkey';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION forget_entity() RETURNS trigger
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM entity_directory WHERE id = OLD.id AND kind = TG_ARGV[0];
    RETURN NULL;
END
$$;

-- The tables of content again, as partitioned ones: nothing lies in them yet. Ids and unique values
-- stand once within a client; that ids do so over all clients is the directory's matter.
DO $partitioning$
DECLARE
    content text;
    seen text;
    written text;
    statement text;
    statements text[];
BEGIN
    SELECT pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
        INTO STRICT seen, written FROM pg_policy WHERE polrelid = 'post'::regclass;
    FOREACH content IN ARRAY ARRAY[
        'post', 'revision', 'comment', 'history_entry', 'series', 'campaign', 'brief', 'creator',
        'task', 'asset', 'snapshot', 'rollup'
    ] LOOP
        SELECT array_agg(pg_get_indexdef(indexrelid)) INTO statements FROM pg_index
            WHERE indrelid = content::regclass AND NOT indisunique
            AND pg_get_indexdef(indexrelid) NOT LIKE '%(client_id, id)';
        SELECT statements || coalesce(array_agg(format(
                'ALTER TABLE %I ADD CONSTRAINT %I %s', content, conname,
                regexp_replace(pg_get_constraintdef(oid), '\((?!client_id)', '(client_id, ')
            )), '{}') INTO statements
            FROM pg_constraint WHERE conrelid = content::regclass AND contype = 'u';
        EXECUTE format('ALTER TABLE %I RENAME TO %I', content, content || '_whole');
        EXECUTE format(
            'CREATE TABLE %I (LIKE %I) PARTITION BY LIST (client_id)', content, content || '_whole'
        );
        EXECUTE format('DROP TABLE %I', content || '_whole');
        EXECUTE format(
            'ALTER TABLE %I ADD CONSTRAINT %I PRIMARY KEY (client_id, id)',
            content, content || '_pkey'
        );
        FOREACH statement IN ARRAY statements LOOP
            EXECUTE statement;
        END LOOP;
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', content);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', content);
        EXECUTE format(
            'CREATE POLICY tenant ON %I USING (%s) WITH CHECK (%s)', content, seen, written
        );
        EXECUTE format(
            'CREATE TRIGGER registered BEFORE INSERT ON %I FOR EACH ROW '
            'EXECUTE FUNCTION register_entity(%L)', content, content
        );
        EXECUTE format(
            'CREATE TRIGGER forgotten AFTER DELETE ON %I FOR EACH ROW '
            'EXECUTE FUNCTION forget_entity(%L)', content, content
        );
    END LOOP;
    ALTER TABLE entity_directory ENABLE ROW LEVEL SECURITY;
    ALTER TABLE entity_directory FORCE ROW LEVEL SECURITY;
    EXECUTE format(
        'CREATE POLICY tenant ON entity_directory USING (%s) WITH CHECK (%s)', seen, written
    );
END
$partitioning$;

-- A client's schema with its partitions; what is there already stays. It runs as the owner of the
-- tables, so that the role of the stores need not be allowed to make schemas.
CREATE FUNCTION make_client_schema(client uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    own CONSTANT text := current_schema() || '_c_' || replace(client::text, '-', '');
    content record;
    part record;
BEGIN
    IF to_regnamespace(own) IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', own);
    END IF;
    FOR content IN
        SELECT c.relname AS name, pg_get_expr(p.polqual, c.oid) AS seen,
            pg_get_expr(p.polwithcheck, c.oid) AS written
        FROM pg_class AS c JOIN pg_policy AS p ON p.polrelid = c.oid
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'p'
        ORDER BY c.relname
    LOOP
        CONTINUE WHEN to_regclass(format('%I.%I', own, content.name)) IS NOT NULL;
        -- Attached afterwards, it does not keep others from reading the table meanwhile.
        EXECUTE format('CREATE TABLE %I.%I (LIKE %I)', own, content.name, content.name);
        EXECUTE format(
            'ALTER TABLE %I ATTACH PARTITION %I.%I FOR VALUES IN (%L)',
            content.name, own, content.name, client
        );
        -- Errors name a partition's index: by the name that the whole has it under.
        FOR part IN
            SELECT i.relname AS name, whole.relname AS known_as
            FROM pg_index AS x
            JOIN pg_class AS i ON i.oid = x.indexrelid
            JOIN pg_inherits AS h ON h.inhrelid = i.oid
            JOIN pg_class AS whole ON whole.oid = h.inhparent
            WHERE x.indrelid = format('%I.%I', own, content.name)::regclass
            AND i.relname <> whole.relname
        LOOP
            EXECUTE format('ALTER INDEX %I.%I RENAME TO %I', own, part.name, part.known_as);
        END LOOP;
        -- For whoever names the partition itself.
        EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', own, content.name);
        EXECUTE format('ALTER TABLE %I.%I FORCE ROW LEVEL SECURITY', own, content.name);
        EXECUTE format(
            'CREATE POLICY tenant ON %I.%I USING (%s) WITH CHECK (%s)',
            own, content.name, content.seen, content.written
        );
    END LOOP;
END
$$;

CREATE FUNCTION drop_client_schema(client uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE format(
        'DROP SCHEMA IF EXISTS %I CASCADE',
        current_schema() || '_c_' || replace(client::text, '-', '')
    );
END
$$;

REVOKE EXECUTE ON FUNCTION make_client_schema(uuid), drop_client_schema(uuid) FROM PUBLIC;

CREATE FUNCTION client_was_made() RETURNS trigger
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM make_client_schema(NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER made AFTER INSERT ON client FOR EACH ROW EXECUTE FUNCTION client_was_made();
