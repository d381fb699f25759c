package ssr

import (
	"net/http"
	"time"

	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/asset"
)

// routes is every address that this service answers, and who may ask.
//
//nolint:funlen // A table that is read from top to bottom; cut in parts it would not be one page.
func (s *server) routes(o web.Options) *web.Mux {
	m := house{web.New(o), s}

	m.Get(asset.Prefix+"{file...}", web.Public, s.static)
	m.Get("/favicon.ico", web.Public, s.mark)
	m.Get("/sw.js", web.Public, s.worker)
	m.open("/{$}", s.landing)
	m.open("/help", s.help)
	m.open("/privacy", s.privacy)
	m.get("/design", web.Public, s.design)
	m.post("/reader", web.Public, s.choose)

	// people
	m.get("/register", web.Public, s.register)
	m.post("/register", web.Public, s.postRegister, web.Body(uploadBody), web.Within(30*time.Second), web.Limit(web.Rate{Every: 5 * time.Second, Burst: 30}))
	m.get("/register/sent", web.Public, s.registerSent)
	m.get("/confirm", web.Public, s.confirm)
	m.post("/confirm", web.Public, s.postConfirm)
	m.get("/confirm/done", web.Public, s.confirmed)
	m.get("/login", web.Public, s.login)
	m.get("/forgot", web.Public, s.forgot)
	m.get("/forgot/sent", web.Public, s.forgotSent)
	m.get("/reset", web.Public, s.reset)
	m.get("/application", web.Account, s.application)
	m.post("/application", web.Roles(token.Applicant), s.postApplication, web.Body(uploadBody), web.Within(30*time.Second))
	m.post("/application/confirmation", web.Account, s.postConfirmation)
	m.get("/profile", web.Account, s.profile)
	m.post("/profile", web.Account, s.postProfile)
	m.post("/profile/sessions/{id}/end", web.Account, s.postSessionEnd)
	m.get("/backoffice", web.Roles(token.Administrator), s.work)
	m.get("/backoffice/applications", web.Roles(token.Administrator), s.applications)
	m.get("/backoffice/applications/{id}", web.Roles(token.Administrator), s.review)
	m.get("/backoffice/applications/{id}/proof", web.Roles(token.Administrator), s.proof, web.Raw())
	m.post("/backoffice/applications/{id}/decision", web.Roles(token.Administrator), s.decide)

	// content
	m.open("/articles", s.articles)
	m.open("/articles/{slug}", s.article)
	m.post("/articles/{slug}/comments", web.Roles(token.Member, token.Host, token.Administrator), s.postComment)
	m.get("/backoffice/articles", web.Roles(token.Administrator), s.manuscripts)
	m.get("/backoffice/articles/new", web.Roles(token.Administrator), s.editor)
	m.post("/backoffice/articles/new", web.Roles(token.Administrator), s.postArticle, web.Body(articleBody))
	m.get("/backoffice/articles/{id}", web.Roles(token.Administrator), s.editor)
	m.post("/backoffice/articles/{id}", web.Roles(token.Administrator), s.postArticle, web.Body(articleBody))
	m.get("/backoffice/comments", web.Roles(token.Administrator), s.reports)
	m.post("/backoffice/comments/{id}", web.Roles(token.Administrator), s.moderate)
	m.get("/backoffice/categories", web.Roles(token.Administrator), s.categories)
	m.post("/backoffice/categories", web.Roles(token.Administrator), s.postCategory)
	m.get("/backoffice/lecturers", web.Roles(token.Administrator), s.lecturers)
	m.post("/backoffice/lecturers", web.Roles(token.Administrator), s.postLecturer)

	s.planRoutes(m)

	// points
	m.get("/me", web.Account, s.personal)
	m.get("/me/webinars/{slug}", web.Account, s.evidence)
	m.get("/me/webinars/{slug}/outcome", web.Account, s.outcomeOf)
	m.get("/me/webinars/{slug}/evidence.json", web.Account, s.evidenceJSON, web.Raw())
	m.post("/me/webinars/{slug}/appeal", web.Account, s.postAppeal)
	m.post("/me/webinars/{slug}/appeal/withdraw", web.Account, s.postWithdraw)
	m.get("/backoffice/appeals", web.Roles(token.Administrator), s.appeals)
	m.get("/backoffice/appeals/{id}", web.Roles(token.Administrator), s.appealCase)
	m.post("/backoffice/appeals/{id}", web.Roles(token.Administrator), s.postCase)
	m.post("/backoffice/appeals/{id}/correction", web.Roles(token.Administrator), s.postCorrection)
	m.post("/backoffice/appeals/{id}/answer", web.Roles(token.Administrator), s.postCorrectionAnswer)
	m.get("/backoffice/processes", web.Roles(token.Administrator), s.sagas)
	m.get("/backoffice/processes/{id}", web.Roles(token.Administrator), s.saga)
	m.post("/backoffice/processes/{id}/retry", web.Roles(token.Administrator), s.postRetrySaga)
	m.post("/backoffice/processes/{id}/compensate", web.Roles(token.Administrator), s.postCompensateSaga)
	m.get("/backoffice/queues", web.Roles(token.Administrator), s.queues)
	m.get("/backoffice/queues/{queue}", web.Roles(token.Administrator), s.queue)
	m.post("/backoffice/queues/{queue}/replay", web.Roles(token.Administrator), s.postReplayQueue)
	m.post("/backoffice/queues/{queue}/discard", web.Roles(token.Administrator), s.postDiscardQueue)
	m.post("/backoffice/queues/{queue}/set-aside", web.Roles(token.Administrator), s.postSetAsideQueue)
	m.get("/backoffice/webinars/{slug}/points", web.Roles(token.Administrator), s.webinarPoints)
	m.get("/backoffice/webinars/{slug}/points.csv", web.Roles(token.Administrator), s.pointsCSV, web.Raw())
	m.post("/backoffice/webinars/{slug}/points/request", web.Roles(token.Administrator), s.requestPoints)
	m.post("/backoffice/webinars/{slug}/points/answer", web.Roles(token.Administrator), s.answerPoints)

	// webinars
	m.open("/webinars", s.webinarList)
	m.open("/webinars/{slug}", s.webinar)
	m.get("/webinars/{slug}/calendar.ics", web.Public, s.webinarCalendar)
	m.open("/lecturers/{slug}", s.lecturer)
	m.open("/categories/{slug}", s.category)
	m.get("/me/subscriptions", web.Account, s.subscriptions)
	m.post("/subscriptions", web.Roles(token.Member, token.Host, token.Administrator), s.postSubscription)
	m.get("/webinars/{slug}/room", web.Roles(token.Member, token.Host, token.Administrator), s.room)

	s.hostRoutes(m)

	m.get("/notifications", web.Account, s.notifications)
	m.get("/notifications/bell", web.Account, s.bell)
	m.post("/notifications/open", web.Account, s.openNotification)
	m.post("/notifications/seen", web.Account, s.seeNotifications)
	s.preferenceRoutes(m)

	s.deliveryRoutes(m)
	s.analystRoutes(m)

	return m.Mux
}

// preferenceRoutes are what one is told of. The token in a mail is the right to stop that mail, so nobody has to log in for it; no
// other site's form is refused, because it is a mail program's site that sends the one click.
func (s *server) preferenceRoutes(m house) {
	m.get("/me/notifications", web.Account, s.preferences)
	m.post("/me/notifications", web.Account, s.postPreferences)
	m.post("/me/notifications/pause", web.Account, s.postPause)
	m.post("/me/notifications/exceptions", web.Account, s.postException)
	m.post("/me/notifications/browsers", web.Account, s.postBrowser)
	few := web.Limit(web.Rate{Every: 100 * time.Millisecond, Burst: 100})
	m.get("/unsubscribe", web.Public, s.optout, few)
	m.post("/unsubscribe", web.Public, s.postOptout, few, web.Foreign())
	m.post("/unsubscribe/undo", web.Public, s.postUndoOptout, few)
}

// hostRoutes are for those who run webinars. A lecturer may be a member without another role; whose webinar it is, is asked of the bff.
func (s *server) hostRoutes(m house) {
	hosts := web.Roles(token.Member, token.Host, token.Administrator)
	m.get("/host", hosts, s.host)
	m.get("/webinars/{slug}/record", hosts, s.record)
	m.get("/webinars/{slug}/console", hosts, s.console)
	m.post("/webinars/{slug}/begin", hosts, s.postBegin)
	m.post("/webinars/{slug}/end", hosts, s.postEnd)
}

// deliveryRoutes are about messages: what became of them, for everybody; how they look, for administrators.
func (s *server) deliveryRoutes(m house) {
	m.get("/me/notifications/deliveries", web.Account, s.deliveriesPage)
	m.post("/me/notifications/deliveries/lift", web.Account, s.liftSuppression)
	m.get("/backoffice/messages", web.Roles(token.Administrator), s.messages)
	m.get("/backoffice/messages/body", web.Roles(token.Administrator), s.messageBody, web.Raw())
}

func (s *server) analystRoutes(m house) {
	analysts := web.Roles(token.Analyst, token.Administrator)
	m.get("/analyst", analysts, s.analystPage)
	m.get("/analyst/activity.csv", analysts, s.activityCSV)
	m.get("/analyst/attendance.csv", analysts, s.attendanceCSV)
	m.get("/analyst/leaving.csv", analysts, s.leavingCSV)
}

// planRoutes are the webinars and credit rules of the backoffice.
func (s *server) planRoutes(m house) {
	administrators := web.Roles(token.Administrator)
	m.get("/backoffice/webinars", administrators, s.plans)
	m.get("/backoffice/webinars/new", administrators, s.newPlan)
	m.post("/backoffice/webinars/new", administrators, s.schedule, web.Body(planBody))
	m.get("/backoffice/webinars/{id}", administrators, s.editPlan)
	m.post("/backoffice/webinars/{id}", administrators, s.postPlan, web.Body(planBody))
	m.get("/backoffice/webinars/{id}/move", administrators, s.movePlan)
	m.post("/backoffice/webinars/{id}/move", administrators, s.postMove)
	m.get("/backoffice/webinars/{id}/cancel", administrators, s.cancelPlan)
	m.post("/backoffice/webinars/{id}/cancel", administrators, s.postCancel)
	m.get("/backoffice/rules", administrators, s.creditRules)
	m.post("/backoffice/rules", administrators, s.postRule)
	m.get("/backoffice/rules/dry-run", administrators, s.dryRun)
	m.get("/backoffice/rules/{id}/compare", administrators, s.compareRule)
	m.get("/backoffice/rules/{id}", administrators, s.ruleVersions)
}

// house registers pages: its verbs make the reader of each request before the handler runs.
type house struct {
	*web.Mux

	s *server
}

func (h house) get(pattern string, a web.Access, handler web.Handler, opts ...web.RouteOption) {
	h.Get(pattern, a, h.read(handler), opts...)
}

// open is a page for everybody, which is the same for all visitors.
func (h house) open(pattern string, handler web.Handler) { h.get(pattern, web.Public, kept(handler)) }

func (h house) post(pattern string, a web.Access, handler web.Handler, opts ...web.RouteOption) {
	h.Post(pattern, a, h.read(handler), opts...)
}

func (h house) read(next web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error { return next(w, h.s.reader.Make(w, r)) }
}
