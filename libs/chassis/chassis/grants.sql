-- What the service's role may do, said again after every run of the migrations, as the owner (ADR 24).
-- Tables of migrations to come are granted in the transaction that makes them; what is made before
-- this has run for the first time is not granted at all.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {service};
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {service};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {service};

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {service};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {service};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {service};
GRANT EXECUTE ON FUNCTION keep_sent_partitions TO {service};

-- The journal is appended to, and so are its links; which rows go, their triggers say.
REVOKE INSERT, UPDATE ON journal FROM {service};
GRANT INSERT (happened_at, actor_id, actor, organization, action, subject, details) ON journal
    TO {service};
REVOKE UPDATE ON journal_links FROM {service};
REVOKE INSERT, UPDATE ON journal_unsealed FROM {service};

-- Which migrations were applied is for the owner to say.
REVOKE INSERT, UPDATE, DELETE ON _yoyo_log, _yoyo_migration, _yoyo_version, yoyo_lock FROM {service};
