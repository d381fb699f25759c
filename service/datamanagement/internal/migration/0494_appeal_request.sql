-- The requests of an appeal are shown beside it.

-- +goose Up
DROP VIEW datamanagement.bff_agency_request;
CREATE VIEW datamanagement.bff_agency_request AS
    SELECT q.id AS request_id, q.webinar_id, q.requested_at, q.viewers, q.qualified, q.hundredths, q.state,
           coalesce(to_char(q.answered_on, 'YYYY-MM-DD'), '') AS answered_on, q.reference, q.answer,
           (SELECT count(*) FROM datamanagement.booking b WHERE b.request_id = q.id)::integer AS booked,
           -- Whose correction it is; null for the list of the webinar.
           q.appeal_id
    FROM datamanagement.agency_request q;
GRANT SELECT ON datamanagement.bff_agency_request TO rounds_bff;

-- What the evidence of a person is checked against: when a webinar was to end, from which the times of checks follow.
CREATE VIEW datamanagement.bff_programme AS
    SELECT id AS webinar_id, starts_at, minutes, hundredths FROM datamanagement.webinar;
GRANT SELECT ON datamanagement.bff_programme TO rounds_bff;
