-- Anybody whose checks followed from the secret of a room may compute them again after its end.

-- +goose Up
CREATE VIEW livewebinar.bff_room AS
    SELECT webinar_id, opened_at, commitment, CASE WHEN state = 'closed' THEN encode(seed, 'hex') ELSE '' END AS seed FROM livewebinar.room;
GRANT SELECT ON livewebinar.bff_room TO rounds_bff;
