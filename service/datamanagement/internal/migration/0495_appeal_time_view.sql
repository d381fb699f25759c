-- Appeals with the time that they are about.

-- +goose Up
CREATE OR REPLACE VIEW datamanagement.bff_appeal AS
    SELECT p.id AS appeal_id, p.webinar_id, w.slug, w.title, w.ended_at, p.account_id, a.name, a.licence_number, p.reason, p.words, p.state,
           p.made_at, p.closed_at, p.answer, p.amendment, p.evidence, p.credit, p.hundredths, coalesce(d.name, '') AS decided_by,
           p.concerns_from, p.concerns_to
    FROM datamanagement.appeal p
    JOIN datamanagement.webinar w ON w.id = p.webinar_id
    JOIN datamanagement.account a ON a.id = p.account_id
    LEFT JOIN datamanagement.account d ON d.id = p.decided_by;
