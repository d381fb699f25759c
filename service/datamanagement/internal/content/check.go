package content

import (
	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
)

const (
	mostTitle   = 200
	mostSummary = 600
	mostBody    = 200_000
	mostComment = 4000
	mostReason  = 500
)

func article(q *datamanagementpb.SaveArticleRequest) error {
	q.Title, q.Summary, q.Body = field.Line(q.GetTitle()), field.Line(q.GetSummary()), field.Text(q.GetBody())
	q.Byline, q.Disclosure = field.Line(q.GetByline()), field.Line(q.GetDisclosure())
	var f errs.Fields
	field.Between(&f, "title", q.GetTitle(), 1, mostTitle)
	field.Between(&f, "summary", q.GetSummary(), 1, mostSummary)
	field.Between(&f, "body", q.GetBody(), 1, mostBody)
	field.Between(&f, "byline", q.GetByline(), 0, 300)
	field.Between(&f, "disclosure", q.GetDisclosure(), 0, 1000)
	field.Among(&f, "kind", q.GetKind(), "research", "news")
	field.Among(&f, "language", q.GetLanguage(), "en", "sl")
	field.Slug(&f, q.GetSlug())
	return f.Err()
}
