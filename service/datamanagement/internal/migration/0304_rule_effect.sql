-- Who saved a version of a rule, and what it was compared with before: how many would have gained and lost in webinars already held.
-- Nothing of that happened to them; what was frozen with a webinar stays as it was.

-- +goose Up
ALTER TABLE datamanagement.credit_rule ADD COLUMN saved_by uuid REFERENCES datamanagement.account;

CREATE TABLE datamanagement.credit_rule_effect (
    credit_rule_id    uuid NOT NULL REFERENCES datamanagement.credit_rule,
    webinar_id        uuid NOT NULL REFERENCES datamanagement.webinar,
    -- The version that was frozen when the webinar went live.
    frozen_version    integer NOT NULL CHECK (frozen_version > 0),
    people            integer NOT NULL CHECK (people >= 0),
    gained            integer NOT NULL CHECK (gained >= 0),
    lost              integer NOT NULL CHECK (lost >= 0),
    passed_before     integer NOT NULL CHECK (passed_before >= 0),
    passed_after      integer NOT NULL CHECK (passed_after >= 0),
    hundredths_before integer NOT NULL CHECK (hundredths_before >= 0),
    hundredths_after  integer NOT NULL CHECK (hundredths_after >= 0),
    PRIMARY KEY (credit_rule_id, webinar_id),
    CHECK (gained + lost <= people)
);
GRANT SELECT, INSERT ON datamanagement.credit_rule_effect TO rounds_datamanagement;

-- +goose Down
DROP TABLE datamanagement.credit_rule_effect;
ALTER TABLE datamanagement.credit_rule DROP COLUMN saved_by;
