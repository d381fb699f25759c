-- What the BFF shows administrators of the versions of a rule.

-- +goose Up
CREATE VIEW datamanagement.bff_credit_rule_version AS
    SELECT r.id AS credit_rule_id, r.name, r.version, r.rule, r.created_at, coalesce(a.name, '') AS saved_by,
           (SELECT count(*) FROM datamanagement.webinar w WHERE w.credit_rule_id = r.id)::integer AS webinars
    FROM datamanagement.credit_rule r LEFT JOIN datamanagement.account a ON a.id = r.saved_by;

CREATE VIEW datamanagement.bff_credit_rule_effect AS
    SELECT e.credit_rule_id, e.webinar_id, w.slug, w.title, w.started_at, e.frozen_version, e.people, e.gained, e.lost, e.passed_before,
           e.passed_after, e.hundredths_before, e.hundredths_after
    FROM datamanagement.credit_rule_effect e JOIN datamanagement.webinar w ON w.id = e.webinar_id;

GRANT SELECT ON datamanagement.bff_credit_rule_version, datamanagement.bff_credit_rule_effect TO rounds_bff;

-- +goose Down
DROP VIEW datamanagement.bff_credit_rule_effect, datamanagement.bff_credit_rule_version;
