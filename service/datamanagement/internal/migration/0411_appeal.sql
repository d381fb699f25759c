-- Who finds the credit of a webinar wrong appeals. What the room wrote down is never changed: a granted appeal keeps the amended
-- evidence beside it, asks the agency for a correction, and books that when the agency accepts.

-- +goose Up
CREATE TABLE datamanagement.appeal (
    id         uuid PRIMARY KEY,
    webinar_id uuid NOT NULL,
    account_id uuid NOT NULL,
    reason     text NOT NULL CHECK (reason IN ('connection', 'check', 'device', 'other')),
    words      text NOT NULL DEFAULT '' CHECK (length(words) <= 1000),
    state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'withdrawn', 'granted', 'refused')),
    made_at    timestamptz NOT NULL,
    closed_at  timestamptz,
    decided_by uuid REFERENCES datamanagement.account,
    -- What the person is told.
    answer     text NOT NULL DEFAULT '' CHECK (length(answer) <= 1000),
    -- Of a granted one: rules/credit.Amendment, the amended Evidence, what came out of it, and how much more that is.
    amendment  jsonb,
    evidence   jsonb,
    credit     jsonb,
    hundredths integer NOT NULL DEFAULT 0 CHECK (hundredths >= 0),
    FOREIGN KEY (webinar_id, account_id) REFERENCES datamanagement.attendance_result,
    CHECK ((state = 'open') = (closed_at IS NULL)),
    CHECK ((state IN ('granted', 'refused')) = (decided_by IS NOT NULL)),
    CHECK ((state = 'granted') = (hundredths > 0)),
    CHECK ((state = 'granted') = (amendment IS NOT NULL AND evidence IS NOT NULL AND credit IS NOT NULL))
);
-- One at a time, and one that was granted is the last.
CREATE UNIQUE INDEX appeal_one ON datamanagement.appeal (webinar_id, account_id) WHERE state IN ('open', 'granted');
CREATE INDEX appeal_account ON datamanagement.appeal (account_id, webinar_id);
CREATE INDEX appeal_queue ON datamanagement.appeal (made_at, id);
GRANT SELECT, INSERT, UPDATE ON datamanagement.appeal TO rounds_datamanagement;

-- A correction is asked of the agency on its own, beside the list of the webinar, and again when it was refused.
ALTER TABLE datamanagement.agency_request ADD COLUMN appeal_id uuid REFERENCES datamanagement.appeal;
DROP INDEX datamanagement.agency_request_one;
CREATE UNIQUE INDEX agency_request_one ON datamanagement.agency_request (webinar_id) WHERE state <> 'refused' AND appeal_id IS NULL;
CREATE UNIQUE INDEX agency_request_correction ON datamanagement.agency_request (appeal_id) WHERE state <> 'refused';
-- One request corrects once.
CREATE UNIQUE INDEX booking_correction_once ON datamanagement.booking (request_id) WHERE kind = 'correction';
