-- What people do, without who they are. The raw rows are kept for some time; the sums, which the questions are answered
-- from, are added up in the statement that writes the rows, so that they cannot differ.

-- +goose Up
GRANT USAGE ON SCHEMA statistics TO rounds_statistics;

CREATE TABLE statistics.activity (
    id         text        PRIMARY KEY,
    kind       smallint    NOT NULL, -- ActivityKind of contract/event/v1
    at         timestamptz NOT NULL,
    pseudonym  text        NOT NULL,
    profession text        NOT NULL,
    country    text        NOT NULL,
    webinar_id uuid,
    article_id uuid,
    category   text        NOT NULL,
    minute     integer     NOT NULL,
    amount     integer     NOT NULL
);
CREATE INDEX activity_at ON statistics.activity USING brin (at);

CREATE TABLE statistics.hour (
    at     timestamptz NOT NULL,
    kind   smallint    NOT NULL,
    number bigint      NOT NULL,
    PRIMARY KEY (at, kind)
);

CREATE TABLE statistics.person (
    pseudonym text     NOT NULL,
    kind      smallint NOT NULL,
    number    bigint   NOT NULL,
    PRIMARY KEY (pseudonym, kind)
);

-- One person in one webinar.
CREATE TABLE statistics.visit (
    webinar_id uuid        NOT NULL,
    pseudonym  text        NOT NULL,
    first_at   timestamptz NOT NULL,
    minutes    integer     NOT NULL,
    answered   integer     NOT NULL,
    missed     integer     NOT NULL,
    messages   integer     NOT NULL,
    PRIMARY KEY (webinar_id, pseudonym)
);
CREATE INDEX visit_pseudonym ON statistics.visit (pseudonym);

-- How many people watched a minute of a webinar.
CREATE TABLE statistics.minute (
    webinar_id uuid    NOT NULL,
    minute     integer NOT NULL,
    people     integer NOT NULL,
    PRIMARY KEY (webinar_id, minute)
);

GRANT SELECT, INSERT, UPDATE ON statistics.activity, statistics.hour, statistics.person, statistics.visit, statistics.minute
    TO rounds_statistics;
