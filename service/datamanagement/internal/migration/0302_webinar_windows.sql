-- The windows through which other services see webinars, and the only ways in which the scheduler may change one.

-- +goose Up
CREATE VIEW datamanagement.scheduler_webinar AS
    SELECT id AS webinar_id, starts_at, minutes, sequence, state, started_at, ended_at, evaluated_at
    FROM datamanagement.webinar;
GRANT SELECT ON datamanagement.scheduler_webinar TO rounds_scheduler;

-- +goose StatementBegin
CREATE FUNCTION datamanagement.webinar_set_live(webinar uuid, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = datamanagement, pg_temp AS $$
BEGIN
    -- The rule is frozen in the same moment: what counts is fixed before anybody watches.
    UPDATE datamanagement.webinar w
    SET state = 'live', started_at = at, updated_at = at,
        frozen_rule = (SELECT r.rule || jsonb_build_object('version', r.version) FROM datamanagement.credit_rule r
                       WHERE r.id = w.credit_rule_id)
    WHERE w.id = webinar AND w.state = 'planned';
    RETURN FOUND;
END $$;

-- Undoes a start that could not be completed: nobody was let in, so nothing is lost.
CREATE FUNCTION datamanagement.webinar_set_planned(webinar uuid, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = datamanagement, pg_temp AS $$
BEGIN
    UPDATE datamanagement.webinar w
    SET state = 'planned', started_at = NULL, frozen_rule = NULL, updated_at = at
    WHERE w.id = webinar AND w.state = 'live';
    RETURN FOUND;
END $$;

CREATE FUNCTION datamanagement.webinar_set_ended(webinar uuid, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = datamanagement, pg_temp AS $$
BEGIN
    UPDATE datamanagement.webinar w SET state = 'ended', ended_at = at, updated_at = at
    WHERE w.id = webinar AND w.state = 'live';
    RETURN FOUND;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION datamanagement.webinar_set_live, datamanagement.webinar_set_planned,
    datamanagement.webinar_set_ended FROM PUBLIC;
GRANT EXECUTE ON FUNCTION datamanagement.webinar_set_live, datamanagement.webinar_set_planned,
    datamanagement.webinar_set_ended TO rounds_scheduler;

-- What a room needs to know: what runs, by which rule, and who may speak as a host.
CREATE VIEW datamanagement.livewebinar_webinar AS
    SELECT w.id AS webinar_id, w.slug, w.title, w.state, w.starts_at, w.minutes, w.started_at, w.ended_at, w.frozen_rule,
           w.hundredths, w.video_url, l.account_id AS host_id
    FROM datamanagement.webinar w JOIN datamanagement.lecturer l ON l.id = w.lecturer_id;
CREATE VIEW datamanagement.livewebinar_account AS
    SELECT id AS account_id, name, roles, state, profession, country FROM datamanagement.account;
GRANT SELECT ON datamanagement.livewebinar_webinar, datamanagement.livewebinar_account TO rounds_livewebinar;

-- Whom to tell of what.
CREATE VIEW datamanagement.notificationtaskrunner_webinar AS
    SELECT w.id AS webinar_id, w.slug, w.title, w.state, w.starts_at, w.zone, w.minutes, w.sequence, w.hundredths,
           w.cancel_reason, w.category_id, w.lecturer_id, l.name AS lecturer
    FROM datamanagement.webinar w JOIN datamanagement.lecturer l ON l.id = w.lecturer_id;
CREATE VIEW datamanagement.notificationtaskrunner_article AS
    SELECT id AS article_id, slug, title, summary, kind, category_id, state FROM datamanagement.article;
CREATE VIEW datamanagement.notificationtaskrunner_comment AS
    SELECT id AS comment_id, article_id, account_id, parent_id, hidden_at FROM datamanagement.comment;
CREATE VIEW datamanagement.notificationtaskrunner_subscription AS
    SELECT s.account_id, s.kind, s.target_id FROM datamanagement.subscription s
    JOIN datamanagement.account a ON a.id = s.account_id AND a.state = 'approved';
CREATE VIEW datamanagement.notificationtaskrunner_application AS
    SELECT id AS application_id, account_id, state, reason FROM datamanagement.application;
GRANT SELECT ON datamanagement.notificationtaskrunner_webinar, datamanagement.notificationtaskrunner_article,
    datamanagement.notificationtaskrunner_comment, datamanagement.notificationtaskrunner_subscription,
    datamanagement.notificationtaskrunner_application TO rounds_notificationtaskrunner;
