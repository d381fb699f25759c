-- Who was told that a year or a cycle of the licence ends and points are missing.

-- +goose Up
-- One look at all members, page by page; who stops in the middle goes on where it was.
CREATE TABLE datamanagement.licence_round (
    at      timestamptz PRIMARY KEY,
    -- The last account that was looked at.
    after   uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    done_at timestamptz
);
CREATE INDEX licence_round_open ON datamanagement.licence_round (at) WHERE done_at IS NULL;

-- Nobody is told twice of one end at one distance, however often it is looked at.
CREATE TABLE datamanagement.licence_notice (
    account_id uuid NOT NULL REFERENCES datamanagement.account,
    -- The first day that no longer belongs to the year or the cycle.
    ends_on    date NOT NULL,
    days       smallint NOT NULL CHECK (days IN (90, 30, 7)),
    hundredths integer NOT NULL CHECK (hundredths > 0),
    told_at    timestamptz NOT NULL,
    PRIMARY KEY (account_id, ends_on, days)
);

GRANT SELECT, INSERT, UPDATE ON datamanagement.licence_round TO rounds_datamanagement;
GRANT SELECT, INSERT ON datamanagement.licence_notice TO rounds_datamanagement;

-- +goose Down
DROP TABLE datamanagement.licence_notice, datamanagement.licence_round;
