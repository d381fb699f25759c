-- What a result was computed from and all that came out of it, so that an appeal years later sees the same; the day of the
-- agency's answer, which need not be the day on which somebody recorded it; and the requirement plans to begin with.

-- +goose Up
ALTER TABLE datamanagement.attendance_result
    -- rules/credit.Evidence, with the frozen rule and the time credited elsewhere filled in.
    ADD COLUMN evidence jsonb NOT NULL,
    -- rules/credit.Credit, before the daily cap.
    ADD COLUMN credit   jsonb NOT NULL;
CREATE INDEX attendance_result_account ON datamanagement.attendance_result (account_id);

ALTER TABLE datamanagement.agency_request ADD COLUMN answered_on date,
    ADD CONSTRAINT agency_request_day CHECK ((state = 'sent') = (answered_on IS NULL));

-- The figures of rules/plan/examples.json; a test holds the two together.
INSERT INTO datamanagement.requirement_plan (id, country, name, plan) VALUES
    (gen_random_uuid(), 'SI', 'Slovenia, doctors',
     '{"code": "si-doctor", "country": "SI", "name": "Slovenia, doctors", "cycle_years": 7, "years": "licence", "total": 75, "buckets": [{"code": "speciality", "minimum": 50}, {"code": "ethics", "minimum": 5}], "source": "Medical Chamber of Slovenia, renewal of the licence", "note": "At least 50 in the own speciality and 5 in quality, ethics and communication. One point an hour, 0.1 a question of e-learning. Check with the chamber before use."}'),
    (gen_random_uuid(), 'DE', 'Germany, doctors',
     '{"code": "de-doctor", "country": "DE", "name": "Germany, doctors", "cycle_years": 5, "years": "licence", "total": 250, "source": "German Medical Association and state chambers, duty of continuing education", "note": "One point for 45 minutes; the organiser reports within 8 days of the end. Check with the chamber before use."}'),
    (gen_random_uuid(), 'HR', 'Croatia, doctors',
     '{"code": "hr-doctor", "country": "HR", "name": "Croatia, doctors", "cycle_years": 6, "years": "licence", "total": 120, "source": "Croatian Medical Chamber, renewal of the licence", "note": "Check with the chamber before use."}'),
    (gen_random_uuid(), 'RS', 'Serbia, some health professions',
     '{"code": "rs-health", "country": "RS", "name": "Serbia, some health professions", "cycle_years": 7, "years": "licence", "total": 140, "yearly_minimum": 10, "source": "Serbian chambers of health workers, renewal of the licence", "note": "140 in 7 years holds for some professions; at least 10 in each year of the licence. Check with the chamber before use."}'),
    (gen_random_uuid(), 'ME', 'Montenegro, doctors',
     '{"code": "me-doctor", "country": "ME", "name": "Montenegro, doctors", "cycle_years": 1, "years": "calendar", "total": 10, "yearly_minimum": 10, "source": "Medical Chamber of Montenegro, yearly duty of continuing education", "note": "At least 10 in each calendar year; no longer cycle is stated here. Check with the chamber before use."}');

-- +goose Down
DELETE FROM datamanagement.requirement_plan;
ALTER TABLE datamanagement.agency_request DROP COLUMN answered_on;
DROP INDEX datamanagement.attendance_result_account;
ALTER TABLE datamanagement.attendance_result DROP COLUMN evidence, DROP COLUMN credit;
