-- The way of a request to the agency, which a saga goes: asked for, with the agency, awaited.

-- +goose Up
ALTER TABLE datamanagement.agency_request
    ADD COLUMN submitted_at timestamptz,
    ADD COLUMN awaited_at   timestamptz;

-- +goose Down
ALTER TABLE datamanagement.agency_request DROP COLUMN submitted_at, DROP COLUMN awaited_at;
