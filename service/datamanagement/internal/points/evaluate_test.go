package points_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/plan"
)

func TestEvaluate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all, short := w.person(), w.person()
	id := w.webinar(began, 100)
	w.watched(id, all, began, 60)
	w.watched(id, short, began, 30)
	w.start()
	w.ended(id)
	if answer := w.evaluated(id, 1); answer.GetViewers() != 2 || answer.GetQualified() != 1 {
		t.Errorf("answer %v, want 2 viewers, 1 qualified", answer)
	}
	if qualified, hundredths := w.result(id, all); !qualified || hundredths != 100 {
		t.Errorf("who watched all of it: %v, %d hundredths", qualified, hundredths)
	}
	if qualified, hundredths := w.result(id, short); qualified || hundredths != 0 {
		t.Errorf("who watched half of it: %v, %d hundredths", qualified, hundredths)
	}
	// Asked again, also while the attendance of somebody else has turned up, the answer is the same.
	w.watched(id, w.person(), began, 60)
	w.ended(id)
	if answer := w.evaluated(id, 2); answer.GetViewers() != 2 {
		t.Errorf("second answer %v, want that of the first", answer)
	}
}

func TestEvaluateWithoutViewers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, unknown := w.webinar(began, 100), uuid.New()
	w.start()
	w.ended(unknown) // must stop nobody
	w.ended(id)
	if answer := w.evaluated(id, 1); answer.GetViewers() != 0 || answer.GetQualified() != 0 {
		t.Errorf("answer %v, want zeros", answer)
	}
}

// Two webinars at the same time count once, and the order of the events decides which.
func TestEvaluateElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person()
	first, second := w.webinar(began, 100), w.webinar(began.Add(10*time.Minute), 100)
	w.watched(first, p, began, 60)
	w.watched(second, p, began.Add(10*time.Minute), 60)
	w.start()
	w.ended(first)
	w.ended(second)
	w.evaluated(second, 1)
	if qualified, _ := w.result(first, p); !qualified {
		t.Error("the first does not count")
	}
	if qualified, hundredths := w.result(second, p); qualified || hundredths != 0 {
		t.Errorf("the second counts, too: %d hundredths", hundredths)
	}
}

func TestEvaluateDailyCap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person()
	morning := began.Add(-8 * time.Hour)
	first, second := w.webinar(morning, 500), w.webinar(began, 500)
	w.watched(first, p, morning, 60)
	w.watched(second, p, began, 60)
	w.start()
	w.ended(first)
	w.ended(second)
	w.evaluated(second, 1)
	if qualified, hundredths := w.result(second, p); !qualified || hundredths != 300 {
		t.Errorf("%v, %d hundredths; want the 300 that are left of the day's 800", qualified, hundredths)
	}
}

// What is kept with a result gives the same credit again, for ever.
func TestEvaluateCanBeRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person()
	id := w.webinar(began, 100)
	w.watched(id, p, began, 50)
	w.start()
	w.ended(id)
	w.evaluated(id, 1)
	var evidence, kept []byte
	if err := w.admin.QueryRow(context.Background(), "SELECT evidence, credit FROM datamanagement.attendance_result WHERE account_id = $1", p).
		Scan(&evidence, &kept); err != nil {
		t.Fatal(err)
	}
	var e credit.Evidence
	var want credit.Credit
	if err := json.Unmarshal(evidence, &e); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(kept, &want); err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(credit.Evaluate(e))
	b, _ := json.Marshal(want)
	if !bytes.Equal(a, b) {
		t.Errorf("computed again %s, kept %s", a, b)
	}
}

// The plans in the table are those of rules/plan.
func TestPlans(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	examples, err := plan.Examples()
	if err != nil {
		t.Fatal(err)
	}
	for _, example := range examples {
		var text []byte
		if err := w.admin.QueryRow(context.Background(), "SELECT plan FROM datamanagement.requirement_plan WHERE country = $1 AND name = $2",
			example.Country, example.Name).Scan(&text); err != nil {
			t.Fatalf("%s: %v", example.Code, err)
		}
		kept, err := plan.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := json.Marshal(example)
		b, _ := json.Marshal(kept)
		if !bytes.Equal(a, b) {
			t.Errorf("kept %s, want %s", b, a)
		}
	}
}
