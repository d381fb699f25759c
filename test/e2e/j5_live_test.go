package e2e

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/ssr"
	"github.com/rounds-cme/rounds/test/e2e/browser"
	"github.com/rounds-cme/rounds/test/live"
)

// roomHouse serves rooms and pages behind one address, with a door at which a test logs in as whom it likes.
func roomHouse(t *testing.T) (*live.House, string) {
	t.Helper()
	return busyHouse(t, &atomic.Int64{})
}

// busyHouse is one whose pages are too busy to answer as often as busy says.
func busyHouse(t *testing.T, busy *atomic.Int64) (*live.House, string) {
	t.Helper()
	h := live.Build(t)
	local := rpc.NewLocal("livewebinar")
	h.Serve(func(rooms *run.Member) []*run.Member {
		rooms.RPC = []net.Listener{local.Listener("livewebinar")}
		deps := *rooms.Deps
		deps.Name, deps.DB, deps.Dial = "ssr", nil, rpc.NewDialer("ssr", local, nil).Dial
		deps.Tokens = token.NewVerifier(filepath.Join(h.Keys, "jwks.json"), time.Now)
		pages, err := ssr.New(&deps, ssr.Config{Zone: "Europe/Ljubljana"})
		if err != nil {
			t.Fatal(err)
		}
		front := http.NewServeMux()
		page := func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/room") && busy.Add(-1) >= 0 {
				http.Error(w, "busy", http.StatusServiceUnavailable)
				return
			}
			pages.HTTP.ServeHTTP(w, r)
		}
		front.Handle("/live/", rooms.Service.HTTP)
		front.HandleFunc("/", page)
		front.HandleFunc("/video/demo.mp4", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/clip.mp4") })
		front.HandleFunc("/login-as/{account}", func(w http.ResponseWriter, r *http.Request) {
			cookie := h.Cookie(uuid.MustParse(r.PathValue("account")), time.Hour)
			http.SetCookie(w, &http.Cookie{Name: "rounds_access", Value: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
			http.Redirect(w, r, "/webinars/heart-failure/room", http.StatusSeeOther)
		})
		rooms.Service.HTTP = front
		return nil
	})
	return h, "http://" + h.Address
}

// seenSoon sends until a message is seen by the other within 200 ms of being sent, by the clocks of the two pages. One
// may be late when the machine has other things to do just then; that all are late is a fault.
func seenSoon(t *testing.T, from, to *browser.Page) {
	t.Helper()
	from.Until(`(document.querySelector("[data-chat-form]").addEventListener("submit", () => window.sent = Date.now(), true), true)`)
	var all []float64
	for n, end := 0, time.Now().Add(browser.Patience); time.Now().Before(end); n++ {
		text := fmt.Sprint("Is this seen soon? ", n)
		to.Until(fmt.Sprintf(`(window.at = 0, new MutationObserver((_, watch) => {
			if (document.querySelector("[data-chat]").textContent.includes(%q)) { window.at = Date.now(); watch.disconnect(); }
		}).observe(document.querySelector("[data-chat]"), { childList: true }), true)`, text))
		from.Fill("#chat-text", text)
		from.Click("[data-chat-form] button")
		to.Until(`window.at > 0`)
		took := browser.Eval[float64](to, `window.at`) - browser.Eval[float64](from, `window.sent`)
		if took <= 200 {
			return
		}
		all = append(all, took)
	}
	t.Errorf("messages were seen after %v ms", all)
}

const sequence = `[...document.querySelectorAll("[data-chat] li[data-sequence]")].map(e => +e.dataset.sequence)`

// TestLive is journey 5: the room opens by itself, two people talk, their minutes grow, and the end is said.
func TestLive(t *testing.T) {
	t.Parallel()
	h, base := roomHouse(t)
	ana, bor := chromium.New(t, base), chromium.New(t, base)
	anaID, borID := h.Account("Ana Novak"), h.Account("Bor Kranjc")

	ana.Open("/login-as/" + anaID.String())
	ana.SeeText("main", "The room is not open yet")
	looks(ana, "room-before")
	h.GoLive()
	ana.See("[data-room]") // without being loaded again by hand
	ana.See(`[data-connection][data-state="connected"]`)
	bor.Open("/login-as/" + borID.String())
	bor.See(`[data-connection][data-state="connected"]`)
	ana.SeeText("[data-viewers]", "Present: 2")

	ana.Fill("#chat-text", "Good evening, colleagues <b>")
	ana.Click("[data-chat-form] button")
	bor.SeeText("[data-chat]", "Good evening, colleagues <b>")
	seenSoon(t, ana, bor)
	bor.Fill("#chat-text", "Dober večer")
	bor.Click("[data-chat-form] button")
	ana.SeeText("[data-chat]", "Dober večer")
	ana.SeeText("[data-chat]", "Bor Kranjc")

	// Minutes grow while the video plays; pausing reports at once. A whole second must have been played by then: a paused
	// video earns nothing more, however long one waits.
	ana.Until(`((v) => !v.paused && [...Array(v.played.length).keys()].reduce((sum, i) => sum + v.played.end(i) - v.played.start(i), 0) > 2)(document.querySelector("video"))`)
	h.Await("the room to have heard of it", func() bool {
		return h.Count(`SELECT count(*) FROM (SELECT event, at FROM livewebinar.beat WHERE account_id = $1 ORDER BY at DESC, sequence DESC LIMIT 1) latest
			WHERE event = 'playing' AND at < clock_timestamp() - interval '2 seconds'`, anaID) == 1
	})
	ana.Until(`(document.querySelector("video").pause(), true)`)
	ana.Until(`+document.querySelector("[data-meter-panel]").dataset.seconds >= 1`)
	ana.SeeText("[data-meter-watched]", "of 60 min watched")
	ana.SeeText("[data-meter-reasons]", " of 60, 4") // minutes, of which more than forty are needed
	ana.SeeText("[data-meter-sum]", " of 60 creditable minutes, 4")
	looks(ana, "room")

	h.Say("end.requested", &eventpb.EndRequested{WebinarId: h.Webinar.String()})
	bor.SeeText("[data-connection]", "The webinar has ended")
	bor.SeeText("[data-farewell=ended]", "Thank you for taking part")
	bor.SeeText("[data-farewell-sum]", " of 60 creditable minutes") // as many as the machine took to come here
	bor.SeeText("[data-farewell-until]", "The final figures follow here.")
	bor.See(`[data-farewell=ended] a[href="/me/webinars/heart-failure"]`)
	looks(bor, "room-farewell")
	h.Await("attendance of two", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.attendance`) == 2 })
	h.Exec(`UPDATE datamanagement.webinar SET state = 'ended', ended_at = now()`)
	ana.Open("/webinars/heart-failure/room")
	ana.SeeText("main", "This webinar has ended")
}

// TestRoomOpensLate has nobody to answer when the page hears that the room has opened: it asks again until there is.
func TestRoomOpensLate(t *testing.T) {
	t.Parallel()
	var busy atomic.Int64
	h, base := busyHouse(t, &busy)
	ana := chromium.New(t, base)
	ana.Forgive("503")
	ana.Open("/login-as/" + h.Account("Ana Novak").String())
	ana.SeeText("main", "The room is not open yet")
	busy.Store(4)
	h.GoLive()
	ana.See("[data-room]")
	ana.See(`[data-connection][data-state="connected"]`)
	if left := busy.Load(); left >= 0 {
		t.Errorf("the page was refused %d times only", 4-left)
	}
}

// TestLostConnection cuts the network of one browser twice: it says so, comes back, and misses nothing.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	h, base := roomHouse(t)
	h.GoLive()
	ana := chromium.New(t, base)
	ana.Open("/login-as/" + h.Account("Ana Novak").String())
	ana.See(`[data-connection][data-state="connected"]`)
	wire := wireTo(t, h.Address)
	bor := chromium.New(t, wire.URL())
	bor.Forgive("WebSocket", "ERR_", "Failed to load resource")
	bor.Open("/login-as/" + h.Account("Bor Kranjc").String())
	bor.See(`[data-connection][data-state="connected"]`)
	bor.Until(`+document.querySelector("[data-meter-panel]").dataset.seconds >= 1`)
	says(ana, "message 1")
	bor.See("[data-sequence='1']")
	n := 1
	for cut := range 2 {
		wire.Cut(true)
		bor.See(`[data-connection][data-state="lost"]`)
		for range 3 {
			n++
			says(ana, fmt.Sprint("message ", n))
			ana.SeeText("[data-chat]", fmt.Sprint("message ", n))
		}
		choose(ana, n, "Agree")
		ana.Click("#tab-questions")
		ana.Fill("#question-text", fmt.Sprint("Question ", cut+1))
		ana.Press("Ask")
		ana.See(fmt.Sprintf("[data-question='%d']", cut+1))
		ana.Click("#tab-chat")
		says(bor, fmt.Sprint("from the tunnel ", cut+1)) // is kept until there is a way
		bor.SeeText("[data-pending]", "sending")
		if cut == 0 { // long enough that it would show if the time were not kept
			bor.Until(`+(document.querySelector("[data-lost-for]").textContent.match(/\d+/) ?? 0) >= 8`)
		}
		wire.Cut(false)
		bor.See(`[data-connection][data-state="connected"]`)
		n++
		bor.Gone("[data-pending]")
		bor.SeeText(fmt.Sprintf("[data-sequence='%d']", n), "from the tunnel")
		ana.SeeText(fmt.Sprintf("[data-sequence='%d']", n), "from the tunnel")
		if got := browser.Eval[[]int](bor, sequence); len(got) != n || got[n-1] != n {
			t.Fatalf("after coming back Bor has %v of %d messages", got, n)
		}
		bor.SeeText(fmt.Sprintf("[data-sequence='%d']", n-1), "Agree 1")
		bor.SeeText("#tab-questions [data-count]", fmt.Sprint(cut+1))
		bor.SeeText("[data-kept]", "All of it is kept.")
	}
}

// TestPresenceCheck answers one with the keyboard: it takes the focus and the title, and never covers the video.
func TestPresenceCheck(t *testing.T) {
	t.Parallel()
	h, base := roomHouse(t)
	h.Exec(`UPDATE datamanagement.credit_rule SET rule = rule || '{"check_window": 600}'`) // axe may have others to look at first
	h.GoLive()
	account := h.Account("Ana Novak")
	ana := chromium.New(t, base)
	ana.Open("/login-as/" + account.String())
	ana.See(`[data-connection][data-state="connected"]`)
	ana.Until(`(window.tones = 0, window.OscillatorNode = class extends OscillatorNode { start(at) { window.tones++; super.start(at); } }, true)`)
	ana.Click("[data-check-sound]") // who wants the sound hears it once
	ana.Until(`window.tones === 2`)
	h.Ahead(time.Until(h.FirstCheck(account)) + 10*time.Millisecond)
	ana.See("dialog[data-check][open]")
	ana.Until(`window.tones === 4`)
	ana.Until(`document.activeElement.matches("[data-check-answer]") && document.title.startsWith("Are you there?")`)
	ana.Until(`(() => { const v = document.querySelector("video").getBoundingClientRect(), d = document.querySelector("[data-check]").getBoundingClientRect();
		return d.top >= v.bottom || d.left >= v.right; })()`)
	looks(ana, "room-check")
	ana.Until(`document.activeElement.matches("[data-check-answer]")`)
	ana.Key(kb.Enter)
	ana.Gone("dialog[data-check][open]")
	ana.SeeText("[data-meter-reasons]", "Checks: 1 of 3 answered")
	ana.SeeText("[data-check-said]", "your answer counts")
	// A page that goes away says so beside its connection too, which may be too late for anything.
	ana.Until(`(WebSocket.prototype.send = () => {}, dispatchEvent(new PageTransitionEvent("pagehide")), true)`)
	h.Await("she left", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.beat WHERE event = 'left'`) == 1 })
	ana.Reload()
	ana.Until(`document.querySelector("[data-check-sound]").checked`) // the device remembers
	ana.See(`[data-connection][data-state="connected"]`)
}

// TestWatchWithoutSound reads the film in one's own language, and is warned before everybody reads of a patient.
func TestWatchWithoutSound(t *testing.T) {
	t.Parallel()
	h, base := roomHouse(t)
	h.Exec(`UPDATE datamanagement.webinar SET video_url = '/static/media/hand-hygiene.mp4'`)
	h.GoLive()
	ana := chromium.New(t, base)
	ana.Open("/login-as/" + h.Account("Ana Novak").String())
	ana.See(`[data-connection][data-state="connected"]`)
	ana.Until(`[...document.querySelector("video").textTracks].map(t => t.language + " " + t.mode).join() === "en showing,sl disabled"`)
	ana.Until(`document.querySelector("video").textTracks[0].cues?.length > 3`)
	ana.Gone("[data-recognised]")
	for _, telling := range []string{"Mrs Novak came again", "a man, born 3. 4. 1951", "on 03.04.1951 she", "EMŠO 0304951500123", "pri gospe Kranjc"} {
		ana.Fill("#chat-text", telling)
		ana.See("[data-recognised]")
		ana.Fill("#chat-text", "A patient of 70 with 140/90 in 2024; 30 min before the 2.5 mg dose")
		ana.Gone("[data-recognised]")
	}
	ana.Fill("#chat-text", "Mrs Novak came again")
	ana.See("[data-recognised]")
	looks(ana, "room-hint", look{390, false}, look{1440, false})
	ana.Click("[data-chat-form] button") // it hinders nobody
	ana.SeeText("[data-chat]", "Mrs Novak came again")
	ana.Gone("[data-recognised]")
}
