-- Content: categories, lecturers, articles and what is said about them.

-- +goose Up
CREATE TABLE datamanagement.category (
    id       uuid PRIMARY KEY,
    slug     text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]{1,60}$'),
    name_en  text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 80),
    name_sl  text NOT NULL CHECK (length(name_sl) BETWEEN 1 AND 80),
    position integer NOT NULL DEFAULT 0
);

CREATE TABLE datamanagement.lecturer (
    id         uuid PRIMARY KEY,
    slug       text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]{1,60}$'),
    account_id uuid REFERENCES datamanagement.account,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    title      text NOT NULL DEFAULT '' CHECK (length(title) <= 160),
    bio        text NOT NULL DEFAULT '' CHECK (length(bio) <= 4000)
);

CREATE TABLE datamanagement.article (
    id           uuid PRIMARY KEY,
    slug         text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]{1,120}$'),
    kind         text NOT NULL CHECK (kind IN ('research', 'news')),
    language     text NOT NULL CHECK (language IN ('en', 'sl')),
    category_id  uuid NOT NULL REFERENCES datamanagement.category,
    author_id    uuid NOT NULL REFERENCES datamanagement.account,
    byline       text NOT NULL DEFAULT '' CHECK (length(byline) <= 300),
    disclosure   text NOT NULL DEFAULT '' CHECK (length(disclosure) <= 1000),
    title        text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    summary      text NOT NULL CHECK (length(summary) BETWEEN 1 AND 600),
    body_md      text NOT NULL CHECK (length(body_md) <= 200000),
    -- Rendered and sanitised when it is written, so that reading costs nothing.
    body_html    text NOT NULL,
    minutes      integer NOT NULL CHECK (minutes > 0),
    state        text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'published')),
    version      integer NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    published_at timestamptz,
    search       tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector(CASE language WHEN 'en' THEN 'english'::regconfig ELSE 'simple'::regconfig END, title), 'A') ||
        setweight(to_tsvector(CASE language WHEN 'en' THEN 'english'::regconfig ELSE 'simple'::regconfig END, summary), 'B') ||
        setweight(to_tsvector(CASE language WHEN 'en' THEN 'english'::regconfig ELSE 'simple'::regconfig END, body_md), 'C')
    ) STORED,
    CHECK (state <> 'published' OR published_at IS NOT NULL)
);
CREATE INDEX article_search ON datamanagement.article USING gin (search);
CREATE INDEX article_published ON datamanagement.article (published_at DESC, id) WHERE state = 'published';
CREATE INDEX article_category ON datamanagement.article (category_id, published_at DESC) WHERE state = 'published';

CREATE TABLE datamanagement.comment (
    id            uuid PRIMARY KEY,
    article_id    uuid NOT NULL REFERENCES datamanagement.article,
    account_id    uuid NOT NULL REFERENCES datamanagement.account,
    -- What it answers, and the first comment of that thread; both null for a first one.
    parent_id     uuid REFERENCES datamanagement.comment,
    thread_id     uuid REFERENCES datamanagement.comment,
    body          text NOT NULL CHECK (length(body) BETWEEN 1 AND 4000),
    created_at    timestamptz NOT NULL,
    edited_at     timestamptz,
    hidden_at     timestamptz,
    hidden_by     uuid REFERENCES datamanagement.account,
    hidden_reason text NOT NULL DEFAULT '' CHECK (length(hidden_reason) <= 500),
    CHECK (hidden_at IS NULL OR (hidden_by IS NOT NULL AND hidden_reason <> ''))
);
CREATE INDEX comment_article ON datamanagement.comment (article_id, (coalesce(thread_id, id)), id);

CREATE TABLE datamanagement.comment_report (
    comment_id  uuid NOT NULL REFERENCES datamanagement.comment,
    account_id  uuid NOT NULL REFERENCES datamanagement.account,
    reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    at          timestamptz NOT NULL,
    settled_at  timestamptz,
    settled_by  uuid REFERENCES datamanagement.account,
    PRIMARY KEY (comment_id, account_id)
);
CREATE INDEX comment_report_open ON datamanagement.comment_report (at) WHERE settled_at IS NULL;

GRANT SELECT, INSERT, UPDATE ON datamanagement.category, datamanagement.lecturer, datamanagement.article,
    datamanagement.comment, datamanagement.comment_report TO rounds_datamanagement;
