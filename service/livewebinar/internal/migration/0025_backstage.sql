-- How many hosts are connected behind the stage of a webinar, also before its room is open: each instance writes its own row every few
-- seconds while there are some, so that whichever is asked knows of all.

-- +goose Up
CREATE TABLE livewebinar.backstage (
    webinar_id uuid        NOT NULL,
    instance   uuid        NOT NULL,
    hosts      integer     NOT NULL CHECK (hosts >= 0),
    seen_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (webinar_id, instance)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON livewebinar.backstage TO rounds_livewebinar;

-- +goose Down
DROP TABLE livewebinar.backstage;
