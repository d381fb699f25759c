-- Webinars and who wants to hear of them.

-- +goose Up
-- A rule is never changed, only followed by a next version; a webinar takes a copy of it when it goes live.
CREATE TABLE datamanagement.credit_rule (
    id         uuid PRIMARY KEY,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    version    integer NOT NULL CHECK (version > 0),
    rule       jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (name, version)
);

CREATE TABLE datamanagement.webinar (
    id             uuid PRIMARY KEY,
    slug           text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]{1,120}$'),
    title          text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    description    text NOT NULL CHECK (length(description) BETWEEN 1 AND 8000),
    lecturer_id    uuid NOT NULL REFERENCES datamanagement.lecturer,
    category_id    uuid NOT NULL REFERENCES datamanagement.category,
    starts_at      timestamptz NOT NULL,
    zone           text NOT NULL CHECK (length(zone) BETWEEN 1 AND 60),
    minutes        integer NOT NULL CHECK (minutes BETWEEN 1 AND 720),
    -- In hundredths of a point, for whoever fulfils the rule.
    hundredths     integer NOT NULL CHECK (hundredths BETWEEN 0 AND 10000),
    credit_rule_id uuid NOT NULL REFERENCES datamanagement.credit_rule,
    frozen_rule    jsonb,
    video_url      text NOT NULL CHECK (length(video_url) <= 2000),
    state          text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'live', 'ended', 'cancelled')),
    started_at     timestamptz,
    ended_at       timestamptz,
    evaluated_at   timestamptz,
    cancel_reason  text NOT NULL DEFAULT '' CHECK (length(cancel_reason) <= 500),
    sequence       integer NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CHECK (state NOT IN ('live', 'ended') OR (started_at IS NOT NULL AND frozen_rule IS NOT NULL)),
    CHECK (state <> 'ended' OR ended_at IS NOT NULL)
);
CREATE INDEX webinar_state ON datamanagement.webinar (state, starts_at);
CREATE INDEX webinar_lecturer ON datamanagement.webinar (lecturer_id, starts_at);
CREATE INDEX webinar_category ON datamanagement.webinar (category_id, starts_at);

CREATE TABLE datamanagement.subscription (
    account_id uuid NOT NULL REFERENCES datamanagement.account,
    kind       text NOT NULL CHECK (kind IN ('webinar', 'category', 'lecturer')),
    target_id  uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, kind, target_id)
);
CREATE INDEX subscription_target ON datamanagement.subscription (kind, target_id, account_id);

GRANT SELECT, INSERT ON datamanagement.credit_rule TO rounds_datamanagement;
GRANT SELECT, INSERT, UPDATE ON datamanagement.webinar TO rounds_datamanagement;
GRANT SELECT, INSERT, DELETE ON datamanagement.subscription TO rounds_datamanagement;
