-- What the BFF shows of content. Who may see a body or a hidden comment is decided there.

-- +goose Up
CREATE VIEW datamanagement.bff_category AS
    SELECT id AS category_id, slug, name_en, name_sl, position FROM datamanagement.category;
CREATE VIEW datamanagement.bff_lecturer AS
    SELECT id AS lecturer_id, slug, name, title, bio, account_id FROM datamanagement.lecturer;

CREATE VIEW datamanagement.bff_article AS
    SELECT a.id AS article_id, a.slug, a.kind, a.language, a.title, a.summary, a.body_md, a.body_html, a.byline, a.disclosure, a.minutes,
           a.state, a.version, a.updated_at, a.published_at, a.search,
           a.category_id, c.slug AS category_slug, c.name_en AS category_en, c.name_sl AS category_sl,
           (SELECT count(*) FROM datamanagement.comment k WHERE k.article_id = a.id AND k.hidden_at IS NULL)::integer AS comments
    FROM datamanagement.article a JOIN datamanagement.category c ON c.id = a.category_id;

CREATE VIEW datamanagement.bff_comment AS
    SELECT k.id AS comment_id, k.article_id, k.account_id, coalesce(k.thread_id, k.id)::uuid AS thread_id, k.body, k.created_at, k.edited_at,
           k.hidden_at, k.hidden_reason, a.name, a.profession
    FROM datamanagement.comment k JOIN datamanagement.account a ON a.id = k.account_id;

-- Comments that somebody reported and nobody has looked at; who reported is nobody's business.
CREATE VIEW datamanagement.bff_report AS
    SELECT k.id AS comment_id, k.body, a.name, t.slug AS article_slug, t.title AS article_title,
           min(r.at)::timestamptz AS first_at, array_agg(r.reason ORDER BY r.at)::text[] AS reasons
    FROM datamanagement.comment_report r
    JOIN datamanagement.comment k ON k.id = r.comment_id
    JOIN datamanagement.account a ON a.id = k.account_id
    JOIN datamanagement.article t ON t.id = k.article_id
    WHERE r.settled_at IS NULL
    GROUP BY k.id, a.name, t.slug, t.title;

GRANT SELECT ON datamanagement.bff_category, datamanagement.bff_lecturer, datamanagement.bff_article, datamanagement.bff_comment,
    datamanagement.bff_report TO rounds_bff;

-- +goose Down
DROP VIEW datamanagement.bff_report;
DROP VIEW datamanagement.bff_comment;
DROP VIEW datamanagement.bff_article;
DROP VIEW datamanagement.bff_lecturer;
DROP VIEW datamanagement.bff_category;
