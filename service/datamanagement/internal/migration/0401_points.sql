-- Points: what attendance was worth, what the agency said, and the ledger that keeps a licence.

-- +goose Up
-- The result of the frozen rule on the frozen attendance; computed once, reproducible from the evidence for ever.
CREATE TABLE datamanagement.attendance_result (
    webinar_id       uuid NOT NULL REFERENCES datamanagement.webinar,
    account_id       uuid NOT NULL REFERENCES datamanagement.account,
    seconds          integer NOT NULL CHECK (seconds >= 0),
    creditable       integer NOT NULL CHECK (creditable >= 0),
    checks_answered  integer NOT NULL CHECK (checks_answered >= 0),
    checks_counted   integer NOT NULL CHECK (checks_counted >= checks_answered),
    qualified        boolean NOT NULL,
    hundredths       integer NOT NULL CHECK (hundredths >= 0),
    -- Codes and numbers, put into words when shown.
    reasons          jsonb NOT NULL,
    evidence_sha256  bytea NOT NULL,
    at               timestamptz NOT NULL,
    PRIMARY KEY (webinar_id, account_id),
    CHECK (qualified OR hundredths = 0)
);

CREATE TABLE datamanagement.agency_request (
    id            uuid PRIMARY KEY,
    webinar_id    uuid NOT NULL REFERENCES datamanagement.webinar,
    requested_by  uuid NOT NULL REFERENCES datamanagement.account,
    requested_at  timestamptz NOT NULL,
    viewers       integer NOT NULL CHECK (viewers >= 0),
    qualified     integer NOT NULL CHECK (qualified >= 0),
    hundredths    integer NOT NULL CHECK (hundredths >= 0),
    state         text NOT NULL DEFAULT 'sent' CHECK (state IN ('sent', 'accepted', 'refused')),
    answered_at   timestamptz,
    answered_by   uuid REFERENCES datamanagement.account,
    reference     text NOT NULL DEFAULT '' CHECK (length(reference) <= 120),
    answer        text NOT NULL DEFAULT '' CHECK (length(answer) <= 1000),
    CHECK ((state = 'sent') = (answered_at IS NULL))
);
-- A refused request may be followed by another one; two at the same time, or one after an acceptance, never.
CREATE UNIQUE INDEX agency_request_one ON datamanagement.agency_request (webinar_id) WHERE state <> 'refused';

-- Append only. A correction is a booking of its own. One webinar books at most once for one person.
CREATE TABLE datamanagement.booking (
    id         uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES datamanagement.account,
    webinar_id uuid NOT NULL REFERENCES datamanagement.webinar,
    kind       text NOT NULL CHECK (kind IN ('webinar', 'correction')),
    hundredths integer NOT NULL,
    -- The day the points count for, which is the day of the webinar in its zone.
    day        date NOT NULL,
    request_id uuid REFERENCES datamanagement.agency_request,
    note       text NOT NULL DEFAULT '' CHECK (length(note) <= 500),
    booked_at  timestamptz NOT NULL
);
CREATE UNIQUE INDEX booking_once ON datamanagement.booking (account_id, webinar_id) WHERE kind = 'webinar';
CREATE INDEX booking_account ON datamanagement.booking (account_id, day);

-- How many points a country asks for, as data (see rules/plan).
CREATE TABLE datamanagement.requirement_plan (
    id      uuid PRIMARY KEY,
    country char(2) NOT NULL,
    name    text NOT NULL,
    plan    jsonb NOT NULL,
    UNIQUE (country, name)
);

GRANT SELECT, INSERT ON datamanagement.attendance_result, datamanagement.booking, datamanagement.requirement_plan
    TO rounds_datamanagement;
GRANT SELECT, INSERT, UPDATE ON datamanagement.agency_request TO rounds_datamanagement;
