-- What the room wrote down about a person, so that whoever downloads it can see by its hash that nothing was changed.

-- +goose Up
CREATE VIEW livewebinar.bff_attendance AS
    SELECT webinar_id, account_id, evidence, sha256 FROM livewebinar.attendance;
GRANT SELECT ON livewebinar.bff_attendance TO rounds_bff;
