-- name: CreditRuleExists :one
SELECT EXISTS (SELECT 1 FROM datamanagement.credit_rule WHERE id = @id);

-- name: CreditRuleGet :one
SELECT rule FROM datamanagement.credit_rule WHERE id = @id;

-- name: CreditRuleStandard :one
SELECT id FROM datamanagement.credit_rule WHERE name = 'Standard live webinar' ORDER BY version DESC LIMIT 1;

-- name: CreditRuleLock :exec
SELECT pg_advisory_xact_lock(hashtextextended('credit_rule ' || @name::text, 0));

-- name: CreditRuleNext :one
SELECT (coalesce(max(version), 0) + 1)::integer FROM datamanagement.credit_rule WHERE name = @name;

-- name: CreditRuleInsert :exec
INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at, saved_by)
VALUES (@id, @name, @version, @rule, @now, @saved_by::uuid);
