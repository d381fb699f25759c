-- How long each table keeps what; no number: for ever. See kit/retain.

-- +goose Up
CREATE TABLE datamanagement.retention (
    "table" text    PRIMARY KEY,
    days    integer CHECK (days >= 0),
    -- The moment from which they are counted, and of which rows; expressions over the table.
    since   text,
    only_if text    NOT NULL DEFAULT 'true',
    why     text    NOT NULL,
    CHECK ((days IS NULL) = (since IS NULL))
);
INSERT INTO datamanagement.retention ("table", days, since, only_if, why) VALUES
    ('account', NULL, NULL, 'true', 'until the person has it erased'),
    ('email_confirmation', 30, 'expires_at', 'true', 'secrets of links that do not work any more'),
    ('application', NULL, NULL, 'true', 'who decided what about whom; the document itself goes'),
    ('proof', 0, 'delete_after', 'delete_after IS NOT NULL', 'documents, some days after the decision; which day is written down with it'),
    ('command', 7, 'at', 'true', 'nobody repeats a request after so long'),
    ('preference', NULL, NULL, 'true', 'what the person wants'),
    ('notification_setting', NULL, NULL, 'true', 'what the person wants'),
    ('category', NULL, NULL, 'true', 'content'),
    ('lecturer', NULL, NULL, 'true', 'content'),
    ('article', NULL, NULL, 'true', 'content'),
    ('comment', NULL, NULL, 'true', 'content; who wrote it may delete it'),
    ('comment_report', NULL, NULL, 'true', 'why a comment was hidden'),
    ('credit_rule', NULL, NULL, 'true', 'points were given under it'),
    ('credit_rule_effect', NULL, NULL, 'true', 'why a rule was changed'),
    ('webinar', NULL, NULL, 'true', 'content, and what points were given for'),
    ('subscription', NULL, NULL, 'true', 'what the person wants'),
    ('attendance_result', NULL, NULL, 'true', 'evidence of points'),
    ('agency_request', NULL, NULL, 'true', 'evidence of points'),
    ('booking', NULL, NULL, 'true', 'the ledger'),
    ('appeal', NULL, NULL, 'true', 'evidence of points'),
    ('requirement_plan', NULL, NULL, 'true', 'what a licence asks for'),
    ('licence_round', 30, 'done_at', 'done_at IS NOT NULL', 'when members were looked at'),
    ('licence_notice', 400, 'ends_on::timestamptz', 'true', 'who was told of which end: long enough that nobody is told again'),
    ('retention', NULL, NULL, 'true', 'the rules themselves');
GRANT SELECT ON datamanagement.retention TO rounds_datamanagement;

-- +goose Down
DROP TABLE datamanagement.retention;
