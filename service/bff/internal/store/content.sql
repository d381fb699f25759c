-- name: Categories :many
SELECT category_id, slug, name_en, name_sl, position FROM datamanagement.bff_category ORDER BY position, name_en LIMIT 200;

-- name: Lecturers :many
SELECT lecturer_id, slug, name, title, bio FROM datamanagement.bff_lecturer ORDER BY name, lecturer_id LIMIT 500;

-- name: Articles :many
SELECT article_id, slug, kind, language, title, summary, minutes, published_at, category_id, category_slug, category_en, category_sl, comments,
    (CASE WHEN @query::text = '' OR NOT @whole::boolean THEN '' ELSE ts_headline('english', summary || ' ' || body_md,
        websearch_to_tsquery('english', @query) || websearch_to_tsquery('simple', @query),
        'StartSel=⟦, StopSel=⟧, MaxWords=30, MinWords=12, MaxFragments=1') END)::text AS excerpt
FROM datamanagement.bff_article
WHERE state = 'published' AND (@category::text = '' OR category_slug = @category) AND (@kind::text = '' OR kind = @kind)
    AND (@query = '' OR search @@ (websearch_to_tsquery('english', @query) || websearch_to_tsquery('simple', @query)))
    AND (published_at, article_id) < (@before::timestamptz, @before_id::uuid)
ORDER BY published_at DESC, article_id DESC LIMIT @most;

-- name: ArticleBySlug :one
SELECT article_id, slug, kind, language, title, summary, body_html, byline, disclosure, minutes, version, updated_at, published_at,
    category_id, category_slug, category_en, category_sl, comments
FROM datamanagement.bff_article WHERE slug = @slug AND state = 'published';

-- name: Comments :many
SELECT k.comment_id, k.thread_id, k.account_id, k.name, k.profession, k.body, k.created_at, k.edited_at, k.hidden_at, k.hidden_reason
FROM datamanagement.bff_comment k
WHERE k.article_id = @article_id AND EXISTS (SELECT FROM datamanagement.bff_article a WHERE a.article_id = @article_id AND a.state = 'published')
    AND (k.thread_id, k.comment_id) > (@after_thread::uuid, @after::uuid)
ORDER BY k.thread_id, k.comment_id LIMIT @most;

-- name: Manuscripts :many
SELECT article_id, slug, title, state, kind, version, updated_at, category_id, category_slug, category_en, category_sl
FROM datamanagement.bff_article WHERE (updated_at, article_id) < (@before::timestamptz, @before_id::uuid)
ORDER BY updated_at DESC, article_id DESC LIMIT @most;

-- name: Manuscript :one
SELECT article_id, slug, title, state, kind, version, updated_at, category_id, category_slug, category_en, category_sl,
    language, byline, disclosure, summary, body_md
FROM datamanagement.bff_article WHERE article_id = @article_id;

-- name: Reports :many
SELECT comment_id, name, body, article_slug, article_title, reasons, first_at FROM datamanagement.bff_report
WHERE (first_at, comment_id) > (@after::timestamptz, @after_id::uuid) ORDER BY first_at, comment_id LIMIT @most;

-- name: ReportsCount :one
SELECT count(*) FROM datamanagement.bff_report;

-- name: ArticleIsPublished :one
SELECT EXISTS (SELECT FROM datamanagement.bff_article WHERE article_id = @article_id AND state = 'published')::boolean;
