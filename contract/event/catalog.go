// Package event is the catalogue of all that services tell each other without waiting for an answer: for every fact in
// the event log its key, its message, who publishes it and who listens. Reading this page shows how news walks through
// Rounds; test/access holds it against what the services really follow and against what the database lets them, so it cannot
// go stale.
package event

import (
	"google.golang.org/protobuf/proto"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
)

// Service names, as in the visible table of cmd/rounds.
const (
	DataManagement         = "datamanagement"
	Scheduler              = "scheduler"
	LiveWebinar            = "livewebinar"
	NotificationTaskRunner = "notificationtaskrunner"
	NotificationCenter     = "notificationcenter"
	Statistics             = "statistics"
	Auth                   = "auth"
)

// Entry is one line of the catalogue.
type Entry struct {
	Key       string
	Message   proto.Message
	Publisher string
	Listeners []string
}

// Catalog lists every fact of the event log.
func Catalog() []Entry {
	return []Entry{
		{"account.registered", &eventpb.AccountRegistered{}, DataManagement, nil},
		{"account.confirmed", &eventpb.AccountConfirmed{}, DataManagement, nil},
		{"account.approved", &eventpb.AccountApproved{}, DataManagement, to(NotificationTaskRunner)},
		{"account.rejected", &eventpb.AccountRejected{}, DataManagement, to(NotificationTaskRunner)},

		{"article.published", &eventpb.ArticlePublished{}, DataManagement, to(NotificationTaskRunner)},
		{"article.unpublished", &eventpb.ArticleUnpublished{}, DataManagement, nil},
		{"comment.added", &eventpb.CommentAdded{}, DataManagement, to(NotificationTaskRunner)},
		{"comment.hidden", &eventpb.CommentHidden{}, DataManagement, nil},

		{"webinar.scheduled", &eventpb.WebinarScheduled{}, DataManagement, nil},
		{"webinar.moved", &eventpb.WebinarMoved{}, DataManagement, to(NotificationTaskRunner)},
		{"webinar.cancelled", &eventpb.WebinarCancelled{}, DataManagement, to(NotificationTaskRunner, LiveWebinar)},
		{"reminder.due", &eventpb.ReminderDue{}, Scheduler, to(NotificationTaskRunner)},

		{"hosts.missing", &eventpb.HostsMissing{}, Scheduler, to(NotificationTaskRunner)},

		{"start.requested", &eventpb.StartRequested{}, Scheduler, to(LiveWebinar)},
		{"webinar.live", &eventpb.WebinarLive{}, Scheduler, to(LiveWebinar, NotificationTaskRunner)},
		{"room.opened", &eventpb.RoomOpened{}, LiveWebinar, to(Scheduler)},
		{"start.completed", &eventpb.StartCompleted{}, Scheduler, nil},
		{"start.failed", &eventpb.StartFailed{}, Scheduler, to(LiveWebinar)},

		{"cancel.requested", &eventpb.CancelRequested{}, DataManagement, to(Scheduler)},
		{"cancel.prepared", &eventpb.CancelPrepared{}, Scheduler, to(DataManagement)},
		{"cancel.accepted", &eventpb.CancelAccepted{}, DataManagement, to(Scheduler)},
		{"cancel.refused", &eventpb.CancelRefused{}, DataManagement, to(Scheduler)},
		{"cancel.completed", &eventpb.CancelCompleted{}, Scheduler, nil},
		{"cancel.failed", &eventpb.CancelFailed{}, Scheduler, to(DataManagement)},

		{"end.requested", &eventpb.EndRequested{}, Scheduler, to(LiveWebinar)},
		{"room.closed", &eventpb.RoomClosed{}, LiveWebinar, to(Scheduler)},
		{"webinar.ended", &eventpb.WebinarEnded{}, Scheduler, to(LiveWebinar, DataManagement)},
		{"attendance.evaluated", &eventpb.AttendanceEvaluated{}, DataManagement, to(Scheduler)},
		{"end.completed", &eventpb.EndCompleted{}, Scheduler, nil},

		{"digest.due", &eventpb.DigestDue{}, Scheduler, to(NotificationTaskRunner)},
		{"licence.due", &eventpb.LicenceDue{}, Scheduler, to(DataManagement)},
		{"licence.deadline", &eventpb.LicenceDeadline{}, DataManagement, to(NotificationTaskRunner)},
		{"retention.due", &eventpb.RetentionDue{}, Scheduler, to(Auth, DataManagement, NotificationCenter, NotificationTaskRunner)},
		{"points.deadline", &eventpb.PointsDeadline{}, Scheduler, to(NotificationTaskRunner)},

		{"points.requested", &eventpb.PointsRequested{}, DataManagement, to(Scheduler)},
		{"points.submit", &eventpb.PointsSubmit{}, Scheduler, to(DataManagement)},
		{"points.submitted", &eventpb.PointsSubmitted{}, DataManagement, to(Scheduler)},
		{"points.awaited", &eventpb.PointsAwaited{}, Scheduler, to(DataManagement)},
		{"points.settled", &eventpb.PointsSettled{}, DataManagement, to(Scheduler)},
		{"points.answered", &eventpb.PointsAnswered{}, DataManagement, to(NotificationTaskRunner)},
		{"points.booked", &eventpb.PointsBooked{}, DataManagement, to(NotificationTaskRunner)},
		{"appeal.decided", &eventpb.AppealDecided{}, DataManagement, to(NotificationTaskRunner)},
	}
}

// Queue is one line of the table of queues: work for one of many.
type Queue struct {
	Name    string
	Puts    []string
	Takes   string
	Carries string
}

// Queues lists every queue, who may put and who may take.
func Queues() []Queue {
	return []Queue{
		{"notification.task", to(DataManagement, Auth), NotificationTaskRunner, "mails that only their reader may get: ConfirmEmail, ResetPassword, AlreadyRegistered"},
		{"notification.send", to(NotificationTaskRunner, NotificationCenter), NotificationCenter, "a Notification for one person, or a NotificationBatch for a page of them: e-mail and push"},
		{"notification.site", to(NotificationTaskRunner, NotificationCenter), NotificationCenter, "the same, for the site"},
		{"activity", to(DataManagement, LiveWebinar), Statistics, "Activity, without identity"},
	}
}

func to(services ...string) []string { return services }
