-- What planning needs besides: a version against two editors, the description as it is shown, and a rule to begin with.

-- +goose Up
ALTER TABLE datamanagement.webinar
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN description_html text NOT NULL DEFAULT '' CHECK (length(description_html) <= 100000);

-- The rule of docs: four fifths of the time, three quarters of the checks, three checks an hour. No evaluation form is asked for yet.
INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'Standard live webinar', 1,
    '{"version": 1, "min_percent": 80, "min_checks_percent": 75, "checks_per_hour": 3, "check_window": 75, "reconnect_grace": 60,
      "evaluation_required": false, "quiz_pass_percent": 70, "award": "event", "minutes_per_point": 60, "credit_step": 0.5, "daily_cap": 8}',
    now());

-- A start that was planned before a move must not begin the webinar at the old time: the scheduler says which plan it carries out.
DROP FUNCTION datamanagement.webinar_set_live(uuid, timestamptz);
-- +goose StatementBegin
CREATE FUNCTION datamanagement.webinar_set_live(webinar uuid, plan integer, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = datamanagement, pg_temp AS $$
BEGIN
    -- The rule is frozen in the same moment: what counts is fixed before anybody watches.
    UPDATE datamanagement.webinar w
    SET state = 'live', started_at = at, updated_at = at, version = w.version + 1,
        frozen_rule = (SELECT r.rule || jsonb_build_object('version', r.version) FROM datamanagement.credit_rule r
                       WHERE r.id = w.credit_rule_id)
    WHERE w.id = webinar AND w.state = 'planned' AND w.sequence = plan;
    RETURN FOUND;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION datamanagement.webinar_set_live(uuid, integer, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION datamanagement.webinar_set_live(uuid, integer, timestamptz) TO rounds_scheduler;
