-- What the credit of a person was computed from, for that person: the BFF asks with the account of who is logged in.

-- +goose Up
CREATE VIEW datamanagement.bff_evidence AS
    SELECT r.account_id, r.webinar_id, w.slug, w.title, w.started_at, w.ended_at, r.at, r.seconds, r.creditable, r.qualified, r.hundredths,
           r.reasons, r.evidence_sha256, r.evidence, r.credit
    FROM datamanagement.attendance_result r JOIN datamanagement.webinar w ON w.id = r.webinar_id;

GRANT SELECT ON datamanagement.bff_evidence TO rounds_bff;

-- +goose Down
DROP VIEW datamanagement.bff_evidence;
