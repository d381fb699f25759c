-- name: CategoryInsert :execrows
INSERT INTO datamanagement.category (id, slug, name_en, name_sl, position) VALUES (@id, @slug, @name_en, @name_sl, @position)
ON CONFLICT (slug) DO NOTHING;

-- name: CategoryUpdate :one
UPDATE datamanagement.category SET name_en = @name_en, name_sl = @name_sl, position = @position WHERE id = @id RETURNING slug;

-- name: CategoryExists :one
SELECT EXISTS (SELECT 1 FROM datamanagement.category WHERE id = @id);

-- name: AccountExists :one
SELECT EXISTS (SELECT 1 FROM datamanagement.account WHERE id = @id);

-- name: LecturerInsert :execrows
INSERT INTO datamanagement.lecturer (id, slug, account_id, name, title, bio)
VALUES (@id, @slug, sqlc.narg(account_id), @name, @title, @bio) ON CONFLICT (slug) DO NOTHING;

-- name: LecturerUpdate :one
UPDATE datamanagement.lecturer SET name = @name, title = @title, bio = @bio, account_id = coalesce(sqlc.narg(account_id), account_id)
WHERE id = @id RETURNING slug;

-- name: ArticleInsert :execrows
INSERT INTO datamanagement.article (id, slug, kind, language, category_id, author_id, byline, disclosure, title, summary, body_md, body_html,
    minutes, created_at, updated_at)
VALUES (@id, @slug, @kind, @language, @category_id, @author_id, @byline, @disclosure, @title, @summary, @body_md, @body_html,
    @minutes, @now, @now) ON CONFLICT (slug) DO NOTHING;

-- name: ArticleUpdate :one
UPDATE datamanagement.article SET kind = @kind, language = @language, category_id = @category_id, byline = @byline, disclosure = @disclosure,
    title = @title, summary = @summary, body_md = @body_md, body_html = @body_html, minutes = @minutes, version = version + 1,
    updated_at = @now
WHERE id = @id RETURNING slug, version;

-- name: ArticleLock :one
SELECT state, version, category_id, published_at FROM datamanagement.article WHERE id = @id FOR UPDATE;

-- name: ArticleSetState :exec
UPDATE datamanagement.article SET state = @state, published_at = coalesce(published_at, sqlc.narg(published_at)), updated_at = @now
WHERE id = @id;
